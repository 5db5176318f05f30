import Glibc
import NIOCore

/// Something with a descriptor that a loop watches. It belongs to its loop's thread.
///
/// A class to inherit from rather than a protocol: an event finds its receiver with one look into a table and one
/// virtual call.
class Pollable {
    let loop: Loop
    private(set) var descriptor: Descriptor
    private var token: UInt64?
    /// What the kernel was told to watch for, besides errors and hang-ups, which it always tells.
    private(set) var interest: UInt32 = 0

    init(_ descriptor: Descriptor, on loop: Loop) {
        self.descriptor = descriptor
        self.loop = loop
    }

    /// Something that was watched for has happened, or an error or a hang-up; `events` as of epoll_ctl(2).
    func ready(_ events: UInt32) {}

    /// The loop ends, and everything on it.
    func loopEnds() {}

    final var isWatched: Bool { token != nil }

    /// Begins to be watched. The loop holds it from now on.
    final func watch(for interest: UInt32) throws(IOError) {
        guard token == nil else { return }
        guard !loop.isEnding else { throw IOError(errnoCode: ESHUTDOWN, reason: "the event loop ends") }
        token = try loop.poller.add(self, interest)
        self.interest = interest
    }

    /// Changes what is watched for; costs nothing when it is so already. False when the kernel refuses.
    final func change(to interest: UInt32) -> Bool {
        guard interest != self.interest else { return true }
        guard let token else { return false }
        self.interest = interest
        return loop.poller.change(self, interest, token)
    }

    /// Ends being watched; the descriptor stays open.
    final func unwatch() {
        guard let token else { return }
        self.token = nil
        interest = 0
        loop.poller.remove(descriptor, token, isClosed: false)
    }

    /// Ends being watched and closes the descriptor.
    final func closeDescriptor() {
        if let token {
            self.token = nil
            // The kernel forgets by itself what is closed, unless another descriptor stands for the same socket.
            loop.poller.remove(descriptor, token, isClosed: true)
        }
        interest = 0
        descriptor.close()
        descriptor = .none
    }

    /// Ends being watched and hands the descriptor over to whoever asks.
    final func giveUpDescriptor() -> Descriptor {
        unwatch()
        defer { descriptor = .none }
        return descriptor
    }
}
