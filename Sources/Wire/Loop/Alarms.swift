/// Something that a loop does at a certain time, unless it is cancelled before.
final class Alarm {
    /// Nanoseconds of CLOCK_MONOTONIC.
    let time: Int64
    /// Of two at the same time the one that was set first rings first.
    fileprivate var order: UInt64 = 0
    /// Where it stands; -1 when it is not set.
    fileprivate var place = -1
    private(set) var ring: () -> Void
    private(set) var fail: (any Error) -> Void

    init(at time: Int64, ring: @escaping () -> Void, fail: @escaping (any Error) -> Void) {
        self.time = time
        self.ring = ring
        self.fail = fail
    }

    fileprivate func isBefore(_ other: Alarm) -> Bool {
        time != other.time ? time < other.time : order < other.order
    }
}

/// A loop's alarms, the earliest first: a binary heap in which each alarm knows its place.
struct Alarms {
    private var heap: ContiguousArray<Alarm> = []
    private var orders: UInt64 = 0

    var count: Int { heap.count }
    /// When the earliest rings.
    var first: Int64? { heap.first?.time }

    mutating func set(_ alarm: Alarm) {
        alarm.order = orders
        orders &+= 1
        alarm.place = heap.count
        heap.append(alarm)
        rise(from: alarm.place)
    }

    /// Does nothing for one that has rung or was cancelled.
    mutating func cancel(_ alarm: Alarm) {
        let place = alarm.place
        guard place >= 0, place < heap.count, heap[place] === alarm else { return }
        remove(at: place)
    }

    /// Takes the earliest when its time has come.
    mutating func takeDue(at now: Int64) -> Alarm? {
        guard let first = heap.first, first.time <= now else { return nil }
        remove(at: 0)
        return first
    }

    /// Takes any one.
    mutating func takeAny() -> Alarm? {
        guard let last = heap.popLast() else { return nil }
        last.place = -1
        return last
    }

    private mutating func remove(at place: Int) {
        heap[place].place = -1
        let last = heap.removeLast()
        guard place < heap.count else { return }
        heap[place] = last
        last.place = place
        rise(from: place)
        sink(from: last.place)
    }

    private mutating func rise(from start: Int) {
        var place = start
        while place > 0 {
            let above = (place - 1) / 2
            guard heap[place].isBefore(heap[above]) else { return }
            exchange(place, above)
            place = above
        }
    }

    private mutating func sink(from start: Int) {
        var place = start
        while true {
            var least = place
            for below in [2 * place + 1, 2 * place + 2] where below < heap.count {
                if heap[below].isBefore(heap[least]) { least = below }
            }
            guard least != place else { return }
            exchange(place, least)
            place = least
        }
    }

    private mutating func exchange(_ left: Int, _ right: Int) {
        heap.swapAt(left, right)
        heap[left].place = left
        heap[right].place = right
    }
}
