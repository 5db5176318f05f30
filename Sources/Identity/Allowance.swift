import OstiaryCore

/// Something that may be done so often a second and no oftener. Starts full; a second's worth may come at once.
struct Allowance: Sendable {
    let perSecond: Double
    private var left: Double
    private var updated: MonotonicTime?

    init(perSecond: Double) {
        self.perSecond = perSecond
        left = perSecond
    }

    /// Whether it may be done once more now.
    mutating func take(at moment: MonotonicTime) -> Bool {
        if let updated {
            // Loops read the clock side by side; what is earlier than the last time counts as no time.
            if updated < moment {
                left = min(perSecond, left + moment.seconds(since: updated) * perSecond)
                self.updated = moment
            }
        } else {
            updated = moment
        }
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}
