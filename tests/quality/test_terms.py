"""The terms of our add-ons as Odoo extracts them, against fa.po."""

import io
from pathlib import Path

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools.translate import trans_export

ROOT = Path(__file__).resolve().parents[2]


@tagged("post_install", "-at_install")
class TestTerms(TransactionCase):
    def test_every_term_is_in_the_persian_file(self):
        for manifest in sorted(ROOT.glob("*/__manifest__.py")):
            addon = manifest.parent.name
            with self.subTest(addon=addon):
                buffer = io.BytesIO()
                self.assertTrue(trans_export(None, [addon], buffer, "po", self.env))
                exported = polib.pofile(buffer.getvalue().decode())
                wanted = {e.msgid for e in exported}
                self.assertTrue(wanted)
                persian = polib.pofile(str(manifest.parent / "i18n" / "fa.po"))
                have = {entry.msgid for entry in persian if entry.msgstr}
                self.assertFalse(sorted(wanted - have))
                self.assertFalse(sorted({e.msgid for e in persian} - wanted))
                # Odoo reads it along with fa.po: what it lacks is not translated.
                template = polib.pofile(str(manifest.parent / "i18n" / f"{addon}.pot"))
                self.assertEqual({entry.msgid for entry in template}, wanted)
                # Odoo translates a term only where the file says it stands.
                self.assertFalse(self._places(exported) - self._places(persian))

    def _places(self, terms):
        return {(entry.msgid, *place) for entry in terms for place in entry.occurrences}
