"""How the demo's customers came, and what their channels cost.

Most of them told it; some left leads by several channels before they first bought.
"""

from datetime import timedelta
from itertools import cycle

from dateutil.relativedelta import relativedelta

# Channel, its share of the customers who told it, in tenths, and its cost per month.
CHANNELS = (
    ("exhibition", 2, 180),
    ("advertising", 3, 240),
    ("social", 2, 60),
    ("recommendation", 2, 0),
)
ANSWERS = ("exhibition", "advertising", "social", "recommendation", "internet")
# Who left leads: what they answered, and how many days before they bought.
PATHS = (
    (("exhibition", 60), ("advertising", 20)),
    (("social", 45), ("social", 10), ("recommendation", 2)),
    (("advertising", 30),),
    (("internet", 90), ("advertising", 40), ("exhibition", 25), ("recommendation", 3)),
)
WITH_LEADS = 120


def spread(env, profiles):
    """Have customers come by channels.

    :param profiles: `crm.customer`; who has bought nothing stays as he is
    """
    profiles = profiles.filtered("first_purchase_date")
    profiles = profiles.sorted(lambda profile: profile.partner_id.ref)
    profiles = profiles.with_context(tracking_disable=True)
    _leave_leads(env, profiles[:WITH_LEADS])
    told = profiles[WITH_LEADS:]
    first_day = min(profiles.mapped("first_purchase_date"))
    start = 0
    for name, tenths, _cost in CHANNELS:
        for part in range(start, start + tenths):
            told[part::10].partner_id.write(
                {
                    "acquisition_channel_id": _channel(env, name).id,
                    "acquisition_date": first_day,
                }
            )
        start += tenths
    _note_costs(env, profiles.company_id, first_day)


def _channel(env, name):
    return env.ref(f"crm_loyalty.channel_{name}")


def _leave_leads(env, profiles):
    won = env["crm.stage"].search([("is_won", "=", True)], limit=1)
    values = [
        {
            "name": f"{profile.partner_id.name} asks",
            "type": "opportunity",
            "stage_id": won.id,
            "probability": 100,
            "date_closed": profile.first_purchase_date,
            "partner_id": profile.partner_id.id,
            "user_id": profile.partner_id.user_id.id,
            "company_id": profile.company_id.id,
            "acquisition_answer_id": env.ref(f"crm_loyalty.answer_{answer}").id,
            # Taken while demo data are loaded; later Odoo sets its own.
            "create_date": profile.first_purchase_date - timedelta(days=days),
        }
        for profile, path in zip(profiles, cycle(PATHS), strict=False)
        for answer, days in path
    ]
    leads = env["crm.lead"].with_context(
        tracking_disable=True, mail_create_nolog=True, mail_create_nosubscribe=True
    )
    leads.create(values)


def _note_costs(env, company, first_day):
    """A row for each quarter, until today."""
    today = env["crm.customer"]._today()
    start = first_day.replace(day=1)
    values = []
    while start <= today:
        end = start + relativedelta(months=3, days=-1)
        values += [
            {
                "channel_id": _channel(env, name).id,
                "company_id": company.id,
                "currency_id": company.currency_id.id,
                "date_from": start,
                "date_to": end,
                "amount": 3 * cost,
            }
            for name, _tenths, cost in CHANNELS
            if cost
        ]
        start = end + timedelta(days=1)
    env["crm.acquisition.cost"].create(values)
