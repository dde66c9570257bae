"""Declarations of the API's operations beside their views, and the OpenAPI document made from them."""
