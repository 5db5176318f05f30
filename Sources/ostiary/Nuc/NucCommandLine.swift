public import ArgumentParser
import OstiaryCore
public import OstiaryIdentity
import OstiaryServer

/// `ostiary nuc`: capability tokens, by hand.
struct NucCommandLine: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nuc",
        abstract: "look at, check, make and revoke capability tokens (NUC)",
        discussion: """
            a token is read from --file or from standard input and goes to standard output: whoever has one may use it, so \
            none belongs on a command line. A private key is 64 hex digits behind file:PATH or env:NAME

              ostiary nuc inspect --file token.txt
              ostiary nuc mint --key file:owner.key > root.txt
              ostiary nuc delegate --key file:owner.key --to did:nil:02… --uses 10 --file root.txt > delegation.txt
              ostiary nuc verify --config ostiary.yaml --file token.txt
              ostiary nuc revoke --config ostiary.yaml --file delegation.txt
            """,
        subcommands: [
            NucInspect.self, NucVerify.self, NucMintRoot.self, NucDelegate.self, NucInvoke.self, NucRevoke.self,
        ]
    )
}

/// Where a token comes from.
struct NucSource: ParsableArguments {
    @Option(help: ArgumentHelp("the file that holds the token; standard input without it", valueName: "file"))
    var file: String?

    /// The bytes of the token, and the envelope that they are.
    func envelope(_ voice: Voice) throws -> NucEnvelope {
        var bytes: [UInt8]
        if let file {
            guard let read = Machine.surroundings.read(file, 65_536) else {
                voice.error("\(file) cannot be read")
                throw Status.nothing
            }
            bytes = read
        } else {
            guard let secret = HiddenInput.readPiped() else {
                voice.error("there is no token on standard input")
                voice.hint("name a file with --file FILE")
                throw Status.nothing
            }
            bytes = secret
        }
        while let last = bytes.last, last == 0x0a || last == 0x0d || last == 0x20 { bytes.removeLast() }
        if bytes.starts(with: "Bearer ".utf8) { bytes.removeFirst(7) }
        do throws(NucFault) {
            return try NucEnvelope(bytes)
        } catch {
            voice.error("\(error.reason): \(error.sentence)")
            throw Status.data
        }
    }
}

/// A private key, by where it lies.
struct NucKey: ParsableArguments {
    @Option(
        help: ArgumentHelp("who signs: the private key, 64 hex digits in file:PATH or env:NAME", valueName: "source")
    )
    var key: String

    func read(_ voice: Voice) throws -> Secp256k1SecretKey {
        var digits: [UInt8]
        if key.hasPrefix("file:"), let bytes = Machine.surroundings.read(String(key.dropFirst(5)), 1024) {
            digits = bytes
        } else if key.hasPrefix("env:"), let text = Machine.variables[String(key.dropFirst(4))] {
            digits = Array(text.utf8)
        } else {
            voice.error("the key cannot be read")
            voice.hint("--key takes file:PATH or env:NAME; openssl rand -hex 32 > owner.key makes one")
            throw Status.nothing
        }
        defer { for index in digits.indices { digits[index] = 0 } }
        do throws(Secp256k1.Fault) {
            return try Secp256k1SecretKey(hex: digits.span)
        } catch {
            voice.error("\(error)")
            if let hint = error.hint { voice.hint(hint) }
            throw error == .missing ? Status.system : Status.data
        }
    }
}

extension DID: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension HiddenInput {
    /// All of standard input, up to what a token may have.
    static func readPiped() -> [UInt8]? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 65_536 {
            let count = piece.withUnsafeMutableBytes { SystemCall.read(0, $0) }
            guard count > 0 else { break }
            bytes += piece.prefix(count)
        }
        return bytes.isEmpty ? nil : bytes
    }
}
