"""The front doors of the embedded Lambda, by the name of the endpoint kind that calls them."""

from __future__ import annotations

from collections.abc import Mapping

from bench.local.doors.alb import AlbDoor
from bench.local.doors.base import Door, DoorContext
from bench.local.doors.cloudfront import CloudFrontDoor
from bench.local.doors.function_url import FunctionUrlDoor
from bench.local.doors.http_api import HttpApiDoor
from bench.local.doors.rest import RestDoor
from bench.local.doors.step_functions import StepFunctionsDoor
from bench.model.endpoint import EndpointKind

DOORS: Mapping[str, Door] = {
    EndpointKind.ALB.value: AlbDoor(),
    EndpointKind.ALB_MULTI.value: AlbDoor(multi_value=True),
    EndpointKind.REST.value: RestDoor(),
    EndpointKind.HTTP_API.value: HttpApiDoor(),
    EndpointKind.FUNCTION_URL.value: FunctionUrlDoor(),
    EndpointKind.CLOUDFRONT.value: CloudFrontDoor(),
    EndpointKind.STEP_FUNCTIONS.value: StepFunctionsDoor(),
}

__all__ = ["DOORS", "Door", "DoorContext"]
