/// Something that a loop has to do besides watching its descriptors.
///
/// `@unchecked Sendable` is sound because work crosses threads in one direction, once: what another thread puts into
/// a loop's inbox is a job, or a closure that it was given as `@Sendable`. Other closures are made on the loop, go into
/// its own queue and never leave it.
enum Work: @unchecked Sendable {
    case closure(() -> Void)
    /// The next part of a task.
    case job(UnownedJob)
    /// Taken already.
    case nothing
}

/// First in, first out. It has no bound, as nothing that is asked of an event loop may be refused while it runs; what
/// asks is bounded: connections, requests and timers.
struct WorkQueue {
    private var items: ContiguousArray<Work> = []
    private var head = 0

    /// Room that is kept while there is nothing to do.
    private static let keptCapacity = 1024

    var count: Int { items.count - head }
    var isEmpty: Bool { head == items.count }

    mutating func append(_ work: Work) {
        items.append(work)
    }

    mutating func append(contentsOf work: ContiguousArray<Work>) {
        items.append(contentsOf: work)
    }

    mutating func next() -> Work? {
        guard head < items.count else { return nil }
        var work = Work.nothing
        swap(&work, &items[head])
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: items.count <= Self.keptCapacity)
            head = 0
        } else if head >= Self.keptCapacity, head * 2 >= items.count {
            items.removeSubrange(0..<head)
            head = 0
        }
        return work
    }
}
