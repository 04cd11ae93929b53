export { EventsView as HistogramView } from "../events/events-view";
