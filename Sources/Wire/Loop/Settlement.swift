/// How something ends that one on the same loop waits for. The first end counts.
final class Settlement<Ending> {
    private(set) var ending: Ending?
    private var waiter: UnsafeContinuation<Void, Never>?

    var isSettled: Bool { ending != nil }

    /// - Returns: whether this is the end; false when it has come before.
    @discardableResult
    func settle(_ ending: Ending) -> Bool {
        guard self.ending == nil else { return false }
        self.ending = ending
        let waiter = waiter
        self.waiter = nil
        waiter?.resume()
        return true
    }

    /// Waits for the end, without suspending where it has come. One may wait.
    func wait() async {
        if ending == nil { await withUnsafeContinuation { waiter = $0 } }
    }
}
