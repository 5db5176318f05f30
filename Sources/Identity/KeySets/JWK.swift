import Crypto
import CryptoExtras
public import OstiaryCore

/// Reading JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).
public enum JWK {
    /// Why a key was left out. The names go to logs and metric labels.
    public enum Fault: String, Error, Sendable, CaseIterable {
        case notAnObject = "not_an_object"
        /// `kty` or `crv` is none that we verify with.
        case unsupported
        /// It shows private or symmetric key material.
        case privateKey = "private_key"
        /// `use` is not `sig`.
        case use
        /// `key_ops` does not have `verify`.
        case operations
        /// `alg` does not fit the key's type, or the policy does not list it.
        case algorithm
        /// A coordinate, modulus or exponent is malformed, or the point is not on the curve.
        case value
        /// RSA below 2,048 or above 8,192 bits, or from a generator known to be broken.
        case weak
        /// `kid` is no string of at most 256 bytes.
        case name
        /// No `kid`, though the set has other keys.
        case unnamed
    }

    /// The members that a public key must not have (RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1).
    private static let secrets = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]
    private static let longestName = 256

    /// Reads one public key for verifying.
    /// - Parameters:
    ///   - value: the key.
    ///   - algorithms: those that the policy allows.
    public static func read(
        _ value: JSONValue,
        allowing algorithms: [SignatureAlgorithm]
    ) throws(Fault) -> VerificationKey {
        guard case .object(let key) = value else { throw .notAnObject }
        let (material, fitting) = try readMaterial(key)
        // Not before the type: an `oct` key is unsupported rather than a leak.
        if secrets.contains(where: { key[$0] != nil }) { throw .privateKey }
        if let use = key["use"], use.string.map({ same($0, "sig") }) != true { throw .use }
        if let operations = key["key_ops"] {
            guard let names = operations.array, names.contains(where: { $0.string.map { same($0, "verify") } == true })
            else { throw .operations }
        }
        var usable = fitting.filter(algorithms.contains)
        if let named = key["alg"] {
            guard let algorithm = named.string.flatMap(SignatureAlgorithm.init(named:)) else { throw .algorithm }
            usable = usable.filter { $0 == algorithm }
        }
        guard !usable.isEmpty else { throw .algorithm }
        return VerificationKey(name: try readName(key["kid"]), algorithms: usable, material: material)
    }

    private static func readName(_ value: JSONValue?) throws(Fault) -> String? {
        guard let value else { return nil }
        guard let name = value.string, name.utf8.count <= longestName else { throw .name }
        return name
    }

    private static func readMaterial(
        _ key: JSONObject
    ) throws(Fault) -> (VerificationKey.Material, [SignatureAlgorithm]) {
        guard let type = key["kty"]?.string else { throw .unsupported }
        if same(type, "RSA") {
            return (try readRSA(key), [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512])
        }
        guard let curve = key["crv"]?.string else { throw .unsupported }
        if same(type, "OKP"), same(curve, "Ed25519") {
            let x = try bytes(key["x"], count: 32)
            guard let point = try? Curve25519.Signing.PublicKey(rawRepresentation: x) else { throw .value }
            return (.ed25519(point), [.edDSA])
        }
        guard same(type, "EC") else { throw .unsupported }
        if same(curve, "P-256") {
            let bytes = try point(key, coordinate: 32)
            // Both have to find it on the curve.
            guard let point = try? P256.Signing.PublicKey(x963Representation: bytes),
                let x = Limbs(bigEndian: bytes.span, at: 1), let y = Limbs(bigEndian: bytes.span, at: 33),
                let own = AffinePoint(x: x, y: y)
            else { throw .value }
            return (.p256(point, own), [.es256])
        }
        if same(curve, "P-384") {
            let point = try point(key, coordinate: 48)
            guard let point = try? P384.Signing.PublicKey(x963Representation: point) else { throw .value }
            return (.p384(point), [.es384])
        }
        if same(curve, "P-521") {
            let point = try point(key, coordinate: 66)
            guard let point = try? P521.Signing.PublicKey(x963Representation: point) else { throw .value }
            return (.p521(point), [.es512])
        }
        throw .unsupported
    }

    /// An uncompressed point (SEC 1 section 2.3.3); whether it is on the curve is the caller's to check.
    private static func point(_ key: JSONObject, coordinate: Int) throws(Fault) -> [UInt8] {
        [0x04] + (try bytes(key["x"], count: coordinate)) + (try bytes(key["y"], count: coordinate))
    }

    private static func readRSA(_ key: JSONObject) throws(Fault) -> VerificationKey.Material {
        let modulus = try bytes(key["n"])
        let exponent = try bytes(key["e"])
        // Base64urlUInt has no leading zeros (RFC 7518 section 2).
        guard let top = modulus.first, top != 0, modulus.last.map({ $0 & 1 == 1 }) == true,
            let high = exponent.first, high != 0, exponent.count <= 4, exponent.last.map({ $0 & 1 == 1 }) == true,
            exponent != [1]
        else { throw .value }
        let bits = modulus.count * 8 - top.leadingZeroBitCount
        guard (2048...8192).contains(bits), !ROCA.marks(modulus) else { throw .weak }
        guard let rsa = try? _RSA.Signing.PublicKey(n: modulus, e: exponent) else { throw .value }
        return .rsa(rsa, bytes: modulus.count)
    }

    private static func bytes(_ value: JSONValue?, count: Int? = nil) throws(Fault) -> [UInt8] {
        guard let text = value?.string, let bytes = Base64URL.decode(text), !bytes.isEmpty,
            count == nil || bytes.count == count
        else { throw .value }
        return bytes
    }

    private static func same(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }
}
