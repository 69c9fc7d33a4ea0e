"""The roles: one package a protection. `roles.yml` says which groups get which."""


def apply(only: str | None = None) -> None:
    """Apply the roles of pyinfra's current host in the table's order, or those in `only` (commas).

    A role's deploy.py has `apply()`. It may have `finish()` too, which runs after all roles, and
    `finish_others()`, which runs in its place when other roles of the host alone are applied.
    Raises pyinfra's DeployError for a role that the table doesn't have.
    """
    # Not above: whoever reads a site imports the roles' settings, and has no use for pyinfra.
    from pyinfra.api.exceptions import DeployError
    from pyinfra.context import host

    from ringfence.guard.coverage import chosen_dangers
    from ringfence.operations import guard
    from ringfence.site.deploying import intent

    wanted = intent()
    table = list(wanted.site.house.roles)
    named = [role.strip() for role in (only or "").split(",") if role.strip()]
    if unknown := sorted(set(named) - set(table)):
        raise DeployError(f"there is no role {unknown[0]!r}; the roles are {', '.join(table)}")
    own = wanted.site.house.roles_for(wanted.host.groups)
    dangers = chosen_dangers(wanted.site.house, wanted.host, only)
    if dangers and host.data.get("guard") != "off":
        guard.demanded(name="The guard is there before a dangerous role", roles=list(dangers))
    # pyinfra tells operations apart by line numbers and by the position in such a loop: it must go
    # over the same list on every host, or operations of two roles are taken for one.
    chosen = [role for role in own if not named or role in named]
    for role in host.loop(table):  # type: ignore[no-untyped-call]
        if role in chosen:
            wanted.site.house.import_role(role, "deploy").apply()
    for role in host.loop(table):  # type: ignore[no-untyped-call]
        if role in own:
            module = wanted.site.house.import_role(role, "deploy")
            name = "finish" if role in chosen else "finish_others"
            getattr(module, name, _nothing)()


def _nothing() -> None:
    """Stand in for the `finish` that a role doesn't have."""
