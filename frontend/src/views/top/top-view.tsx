export { EventsView as TopView } from "../events/events-view";
