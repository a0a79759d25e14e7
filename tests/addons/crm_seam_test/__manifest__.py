{
    "name": "CRM Seam Test",
    "summary": "Proves the seams of the profile: one fact, column and condition",
    "version": "19.0.1.0.0",
    "author": "CRM Loyalty contributors",
    "license": "LGPL-3",
    "category": "Hidden",
    "depends": ["crm_loyalty"],
}
