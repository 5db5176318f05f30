/// Which store was chosen where the configuration leaves it to the program: the keyring if it keeps a key, else the
/// sealed file.
///
/// The choice is made once and written down. A keyring that is closed or gone later is an error and never a reason to
/// look into a file: keys would be in two places, and somebody who can stop the keyring could choose the weaker one.
public enum StoreChoice: String, Sendable, CaseIterable {
    case keyring, file

    /// The choice that was written down at `path`, or else the one that `probe` allows, written down from now on.
    /// - Parameters:
    ///   - path: a file in a folder of mode 700.
    ///   - probe: throws when the keyring keeps nothing.
    /// - Returns: the choice, and why it is not the keyring when it was made just now.
    public static func made(
        at path: String,
        probe: () throws(StoreFault) -> Void
    ) throws(StoreFault) -> (choice: StoreChoice, reason: StoreFault?) {
        let file = try GuardedFile(path: path)
        if let bytes = try file.read(limit: 32) { return (try read(bytes, file), nil) }
        var reason: StoreFault?
        do throws(StoreFault) { try probe() } catch { reason = error }
        var choice: StoreChoice = reason == nil ? .keyring : .file
        try file.update(creates: true, limit: 32) { before throws(StoreFault) in
            // Somebody else was quicker; there is one choice for all.
            if let before {
                choice = try read(before, file)
                return nil
            }
            return Array("\(choice.rawValue)\n".utf8)
        }
        return (choice, choice == .keyring ? nil : reason)
    }

    private static func read(_ bytes: [UInt8], _ file: GuardedFile) throws(StoreFault) -> StoreChoice {
        let word = String(decoding: bytes, as: UTF8.self)
        guard let choice = allCases.first(where: { word == $0.rawValue + "\n" }) else {
            throw .damaged(place: file.place, what: "it names no store")
        }
        return choice
    }
}
