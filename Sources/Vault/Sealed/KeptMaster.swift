public import OstiaryCore

/// A place that keeps a store's master secret and can replace it: a file in another folder, or the keyring.
///
/// A rotation keeps the next master beside the present one before the store is sealed under it, and puts it in the place
/// of that one behind. Whenever it is broken off, one of the two opens the store.
public protocol KeptMaster: Sendable {
    /// What people call the place.
    var label: String { get }
    func isThere() throws(StoreFault) -> Bool
    /// Makes a random master; never over another one.
    func create(at time: UnixTime) throws(StoreFault) -> MasterSecret
    /// The master as it lies there.
    func master() throws(StoreFault) -> MasterSecret
    /// Opens the store at `path`, with the next master where a rotation was broken off.
    func open(store path: String, markPath: String?, at time: UnixTime) throws(StoreFault) -> SealedFileStore
    func rotate(store path: String, markPath: String?, at time: UnixTime) throws(StoreFault)
}
