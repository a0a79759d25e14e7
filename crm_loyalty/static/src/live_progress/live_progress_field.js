import { onMounted, onWillUnmount } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import {
    ProgressBarField,
    progressBarField,
} from "@web/views/fields/progress_bar/progress_bar_field";

const EVERY = 2000; // milliseconds

/**
 * A progress bar that reads its record again and again while it is on the screen: for
 * work that a job does. Hide the field when the work is done.
 */
export class LiveProgressField extends ProgressBarField {
    setup() {
        super.setup();
        onMounted(() => this.wait());
        onWillUnmount(() => browser.clearTimeout(this.timer));
    }

    wait() {
        this.timer = browser.setTimeout(async () => {
            await this.props.record.load();
            // The field may have left the screen meanwhile.
            if (this.root.el) {
                this.wait();
            }
        }, EVERY);
    }
}

export const liveProgressField = {
    ...progressBarField,
    component: LiveProgressField,
    displayName: _t("Live Progress Bar"),
};

registry.category("fields").add("live_progress", liveProgressField);
