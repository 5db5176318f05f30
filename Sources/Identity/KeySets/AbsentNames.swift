import OstiaryCore

/// Key names that a completed refresh did not bring: asked for again, they cause no further one for a while.
///
/// Bounded; when full, the oldest name makes room.
struct AbsentNames {
    static let capacity = 1024
    static let seconds = 60.0

    private var until: [[UInt8]: MonotonicTime] = [:]
    /// The names in the order in which they came, which is also that in which they end; `oldest` is the next to go.
    private var order: [[UInt8]] = []
    private var oldest = 0

    var count: Int { until.count }

    func contains(_ name: String, at now: MonotonicTime) -> Bool {
        until[Array(name.utf8)].map { now < $0 } ?? false
    }

    mutating func insert(_ name: String, at now: MonotonicTime) {
        let name = Array(name.utf8)
        let end = now.advanced(bySeconds: Self.seconds)
        if until.updateValue(end, forKey: name) != nil { return }
        if order.count < Self.capacity {
            order.append(name)
        } else {
            until[order[oldest]] = nil
            order[oldest] = name
            oldest = (oldest + 1) % Self.capacity
        }
    }

    mutating func removeAll() {
        self = AbsentNames()
    }
}
