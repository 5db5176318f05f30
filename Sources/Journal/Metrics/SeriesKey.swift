import OstiaryCore

/// The labels of one request series. A part that is unknown is empty.
struct SeriesKey: Hashable, Sendable {
    let route: String
    let provider: String
    let model: String
    let status: Int

    init(route: String, provider: String, model: String, status: Int) {
        self.route = route
        self.provider = provider
        self.model = model
        self.status = status
    }

    init(_ entry: Entry) {
        route = entry.route ?? ""
        provider = entry.provider ?? ""
        model = entry.model ?? ""
        status = 100...599 ~= entry.status ? entry.status : 0
    }

    /// Where requests count whose own series would be one too many. There are as many of these as there are statuses.
    var other: SeriesKey { SeriesKey(route: "other", provider: "other", model: "other", status: status) }

    static func == (left: SeriesKey, right: SeriesKey) -> Bool {
        left.status == right.status && left.route == right.route && left.model == right.model
            && left.provider == right.provider
    }

    func hash(into hasher: inout Hasher) {
        // Routes and providers are few; their lengths and the model tell nearly all series apart, at a third of the cost.
        hasher.combine(status &<< 16 ^ route.utf8.count &<< 8 ^ provider.utf8.count)
        hasher.combine(model)
    }
}
