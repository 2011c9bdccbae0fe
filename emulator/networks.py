"""EC2 for functions in a VPC, by way of the neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.neighbours.moto import Neighbours


class Networks:
    """The port `Networks`."""

    def __init__(self, neighbours: Callable[[], Neighbours]) -> None:
        self._neighbours = neighbours

    async def vpc_of(self, subnets: list[str], security_groups: list[str], *, account: str, region: str) -> str:
        """The id of the VPC that these subnets are in; empty without any.

        Raises:
            NeighbourError: EC2's own refusal, where a subnet or a security group does not exist.
        """
        ask = self._neighbours().call
        vpc = ""
        if subnets:
            found = await ask("ec2", "DescribeSubnets", {"SubnetIds": subnets}, account, region)
            vpc = next((subnet["VpcId"] for subnet in found.get("Subnets", [])), "")
        if security_groups:
            await ask("ec2", "DescribeSecurityGroups", {"GroupIds": security_groups}, account, region)
        return vpc
