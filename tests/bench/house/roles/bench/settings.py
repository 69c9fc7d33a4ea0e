"""What the bench's role keeps on a host; pyinfra's deploy and Ansible's playbook keep the same."""

from ringfence.site import Section


class Settings(Section):
    """About sixty operations of stock pyinfra, or tasks of Ansible."""

    directories: list[str] = [f"/srv/bench/{number:02}" for number in range(8)]
    files: list[str] = [f"/etc/bench/{number:02}.conf" for number in range(24)]
    timers: list[str] = ["bench-first", "bench-second", "bench-third"]
    packages: list[str] = ["bc", "cron", "iproute2", "less", "nftables", "procps"]
    groups: list[str] = [f"bench{number}" for number in range(5)]
    accounts: list[str] = ["bench-reader", "bench-writer", "bench-keeper"]
    sysctls: dict[str, str] = {
        "net.ipv4.conf.all.accept_source_route": "0",
        "net.ipv4.conf.all.log_martians": "1",
        "net.ipv4.conf.all.secure_redirects": "0",
        "net.ipv4.conf.all.send_redirects": "0",
        "net.ipv4.icmp_echo_ignore_broadcasts": "1",
    }
