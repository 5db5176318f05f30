import Crypto
import OstiaryCore
import OstiaryVault

/// Reads the key of the pseudonyms: 64 hex digits behind a source reference.
enum HashKey {
    enum Fault: Error, CustomStringConvertible {
        case missing(String)
        case form

        var description: String {
            switch self {
            case .missing(let place): "\(place) cannot be read"
            case .form: "the key must be 64 hexadecimal digits; make one with: openssl rand -hex 32"
            }
        }
    }

    static func read(
        _ reference: Configuration.SecretReference,
        environment: [String: String],
        kept: KeptVariables? = nil
    ) throws(Fault) -> SymmetricKey {
        var digits: [UInt8]
        switch reference {
        case .environment(let name):
            if let secret = kept?.secret(name) {
                let key: SymmetricKey? = secret.withBytes { bytes in
                    Self.key(bytes.withUnsafeBufferPointer { Array($0) })
                }
                guard let key else { throw .form }
                return key
            }
            guard let value = environment[name] else { throw .missing("env:\(name)") }
            digits = Array(value.utf8)
        case .vault, .keyring: throw .missing(reference.description)
        case .file(let path):
            let surroundings = Configuration.Surroundings.machine(variables: environment)
            guard let bytes = surroundings.read(path, 1024) else { throw .missing("file:\(path)") }
            digits = bytes
            while digits.last == 0x0a || digits.last == 0x0d { digits.removeLast() }
        }
        guard let key = key(digits) else { throw .form }
        return key
    }

    private static func key(_ digits: [UInt8]) -> SymmetricKey? {
        guard digits.count == 64 else { return nil }
        return Hex.decode(digits).map { SymmetricKey(data: $0) }
    }
}
