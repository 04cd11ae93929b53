export { EventsView as StacksView } from "../events/events-view";
