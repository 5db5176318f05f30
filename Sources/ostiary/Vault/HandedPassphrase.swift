import ArgumentParser
import OstiaryCore
import OstiaryServer
import OstiaryVault

/// A passphrase that whoever starts the command hands over by a descriptor: it is in no file, no variable and no argument.
struct HandedPassphrase: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "read the passphrase that opens the store from this descriptor, over everything that the file says",
            valueName: "number"
        )
    )
    var passphraseFd: Int32?

    func validate() throws {
        guard let passphraseFd else { return }
        guard passphraseFd >= 3 || passphraseFd == 0 else {
            throw ValidationError("--passphrase-fd must be 0, or 3 or more. Such as 3 with 3< FILE")
        }
    }

    /// Reads it, once.
    /// - Returns: `nil` where none was handed over.
    func read(_ voice: Voice) throws -> Secret? {
        guard let passphraseFd else { return nil }
        switch HiddenInput.read(descriptor: passphraseFd) {
        case .some(let secret): return secret
        case .none:
            voice.error("descriptor \(passphraseFd) holds no passphrase of one line and at most 8192 bytes")
            voice.hint("such as: ostiary … --passphrase-fd 3 3< FILE")
            throw Status.usage
        }
    }
}
