"""The few ways in which a mend may change moto.

Each of them fails at start-up when the thing to be changed is not there, so a
mend that no longer fits its moto release is noticed at once and not in a test
of something else.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def override(cls: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replace the method of ``cls`` that has the decorated function's name.

    The function gets the method it replaces as its first argument, then what
    the method is called with.
    """

    def replace(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        original = getattr(cls, name)

        @functools.wraps(original)
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            return function(original, self, *args, **kwargs)

        setattr(cls, name, method)
        return function

    return replace


def add(cls: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give ``cls`` a method that stock moto does not have."""

    def attach(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        if name in vars(cls):
            raise TypeError(f"{cls.__qualname__} has {name} already: override it")
        setattr(cls, name, function)
        return function

    return attach


def add_property(cls: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give ``cls`` a read-only property that stock moto does not have.

    Moto's serializer reads attributes by the snake case of the member's name in
    AWS's service model, so this is how a model answers one more field.
    """

    def attach(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        if name in vars(cls):
            raise TypeError(f"{cls.__qualname__} has {name} already: override it")
        setattr(cls, name, property(function))
        return function

    return attach


def override_property(cls: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replace the getter of a property of ``cls``; a setter stays as it was.

    The function gets the value that the original getter returns, and the object.
    """

    def replace(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        original = getattr(cls, name)

        def getter(self: Any) -> Any:
            return function(original.fget(self), self)

        setattr(cls, name, property(getter, original.fset))
        return function

    return replace


def state_of(owner: Any, name: str, factory: Callable[[], Any] = dict) -> Any:
    """What the mends keep under ``name`` on one of moto's own objects.

    ``owner`` is a backend (one per account and region) or a model object. Moto
    empties a backend on ``POST /moto-api/reset``, and what is kept here goes
    with it; nothing may be kept in module globals.
    """
    return owner.__dict__.setdefault(f"_fintrack_{name}", factory())
