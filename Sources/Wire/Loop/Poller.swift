import CEpoll
import Glibc
import NIOCore

/// The descriptors that a loop watches, by epoll(7), with what wakes the loop besides them.
///
/// The kernel gets a token for each descriptor, made of a place in a table and of how often the place was given away.
/// An event that was fetched for a descriptor which is closed by the time its turn comes finds nobody, even if the
/// system has given the descriptor's number to a new connection since.
final class Poller {
    /// What an event is about.
    enum Subject {
        case pollable(Pollable)
        /// Another thread has put something into the inbox.
        case inbox
        /// The time that was set has come.
        case time
        /// Somebody who is no longer watched.
        case nobody
    }

    private struct Place {
        var generation: UInt32 = 0
        var pollable: Pollable?
    }

    /// Events taken from the kernel at once.
    private static let batch = 256
    private static let inboxToken = UInt64.max
    private static let timeToken = UInt64.max - 1

    private let set: Int32
    private let counter: Int32
    private let timer: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private var places: ContiguousArray<Place> = []
    private var free: ContiguousArray<UInt32> = []
    // What the timer is set to; it is set again only for an earlier time.
    private var timerTime = Int64.max

    /// Why it can watch nothing: the system gave no descriptors.
    let fault: IOError?

    init() {
        set = cepoll_create()
        counter = cepoll_wake_create()
        timer = cepoll_timer_create()
        // The edge, not the level, is what wakes: nothing has to be read from either before it can wake again.
        let isReady =
            cepoll_add(set, counter, cepoll_in | cepoll_edge, Self.inboxToken) == 0
            && cepoll_add(set, timer, cepoll_in | cepoll_edge, Self.timeToken) == 0
        fault = isReady ? nil : IOError(errnoCode: errno, reason: "no descriptors for an event loop")
        events = .allocate(capacity: Self.batch)
        events.initialize(repeating: epoll_event(), count: Self.batch)
    }

    deinit {
        events.deallocate()
        for descriptor in [set, counter, timer] where descriptor >= 0 { close(descriptor) }
    }

    /// Ends the wait that is running, or the next. From any thread.
    func wake() { cepoll_wake(counter) }

    /// Ends waiting at this time, nanoseconds of CLOCK_MONOTONIC.
    func wakeNoLater(than time: Int64) {
        guard time < timerTime else { return }
        timerTime = time
        _ = cepoll_timer_set(timer, time)
    }

    /// Waits for events, without end or not at all; returns how many there are.
    func wait(_ isPatient: Bool) -> Int {
        // A signal ends waiting with an error; that is an empty round like any other.
        max(0, Int(epoll_wait(set, events, Int32(Self.batch), isPatient ? -1 : 0)))
    }

    /// What happened, and to whom.
    @inline(__always)
    func event(_ index: Int) -> (happened: UInt32, subject: Subject) {
        let event = events + index
        let token = cepoll_token(event)
        let place = Int(UInt32(truncatingIfNeeded: token))
        if place < places.count, places[place].generation == UInt32(truncatingIfNeeded: token >> 32),
            let pollable = places[place].pollable
        {
            return (event.pointee.events, .pollable(pollable))
        }
        switch token {
        case Self.inboxToken: return (0, .inbox)
        case Self.timeToken:
            timerTime = .max
            return (0, .time)
        default: return (0, .nobody)
        }
    }

    // MARK: Who is watched

    var count: Int { places.count - free.count }

    /// Everybody who is watched now.
    var all: [Pollable] { places.compactMap(\.pollable) }

    func add(_ pollable: Pollable, _ interest: UInt32) throws(IOError) -> UInt64 {
        let index: UInt32
        if let last = free.popLast() {
            index = last
        } else {
            index = UInt32(truncatingIfNeeded: places.count)
            places.append(Place())
        }
        let token = UInt64(places[Int(index)].generation) << 32 | UInt64(index)
        guard cepoll_add(set, pollable.descriptor.number, interest, token) == 0 else {
            let code = errno
            free.append(index)
            throw IOError(errnoCode: code, reason: "epoll_ctl")
        }
        places[Int(index)].pollable = pollable
        return token
    }

    func change(_ pollable: Pollable, _ interest: UInt32, _ token: UInt64) -> Bool {
        cepoll_change(set, pollable.descriptor.number, interest, token) == 0
    }

    /// - Parameter isClosed: whether its descriptor was the only one for what it stands for, and is closed: the kernel
    ///   forgets it by itself then.
    func remove(_ descriptor: Descriptor, _ token: UInt64, isClosed: Bool) {
        if !isClosed { _ = cepoll_remove(set, descriptor.number) }
        let place = Int(UInt32(truncatingIfNeeded: token))
        places[place].pollable = nil
        places[place].generation &+= 1
        free.append(UInt32(truncatingIfNeeded: place))
    }
}
