"""What `fill.sql` refers to, made by Odoo."""

from . import orm


def prepare(database):
    """Salespeople, products and lost reasons, which `fill.sql` refers to."""
    with orm.environment(database, commit=True) as env:
        teams = env["crm.team"].create(
            [{"name": f"Bench Team {number}"} for number in range(4)]
        )
        salesman = env.ref("sales_team.group_sale_salesman_all_leads")
        users = env["res.users"].with_context(no_reset_password=True)
        users = users.create(
            [
                {
                    "name": f"Salesperson {number}",
                    "login": f"bench{number}",
                    "group_ids": [(4, salesman.id)],
                }
                for number in range(20)
            ]
        )
        env["crm.team.member"].create(
            [
                {"user_id": user.id, "crm_team_id": teams[number % len(teams)].id}
                for number, user in enumerate(users)
            ]
        )
        env["product.product"].create(
            [
                {
                    "name": f"Product {number}",
                    "default_code": f"BENCH{number}",
                    "type": "service",
                    "list_price": 20 + number,
                    "standard_price": 12 + number / 2,
                    "taxes_id": False,
                }
                for number in range(100)
            ]
        )
        if not env["crm.lost.reason"].search_count([], limit=1):
            env["crm.lost.reason"].create([{"name": "Too dear"}, {"name": "No need"}])
    orm.close(database)
