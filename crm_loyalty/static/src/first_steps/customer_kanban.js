import { Component, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { moneyKanbanView } from "../money/money_kanban";

/** Offers the first steps to those who may take them, until the active company has. */
export class FirstStepsOffer extends Component {
    static template = "crm_loyalty.FirstStepsOffer";
    static props = {};

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.state = useState({ isOffered: user.activeCompany?.crm_first_steps });
    }

    open() {
        return this.action.doAction("crm_loyalty.crm_first_steps_action");
    }

    async dismiss() {
        await this.orm.call("crm.first.steps", "action_dismiss", []);
        user.activeCompany.crm_first_steps = false;
        this.state.isOffered = false;
    }
}

export class CustomerKanbanController extends KanbanController {
    static template = "crm_loyalty.CustomerKanbanView";
    static components = { ...KanbanController.components, FirstStepsOffer };
}

registry.category("views").add("crm_customer_kanban", {
    ...moneyKanbanView,
    Controller: CustomerKanbanController,
});
