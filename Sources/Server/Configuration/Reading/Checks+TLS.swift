public import OstiaryCore
import OstiaryIdentity
import OstiaryWire

// What must fit each other where the public door speaks TLS.
extension Checks {
    private static let path = ["listen", "tls"]

    func doorAddresses(_ listen: Configuration.Listen) -> [(path: [String], address: Configuration.Address)] {
        (listen.plainAddress.map { [(["listen", "address"], $0)] } ?? [])
            + (listen.tls.address.map { [(Self.path + ["address"], $0)] } ?? [])
    }

    mutating func checkTLS(_ configuration: Configuration) {
        let tls = configuration.listen.tls
        checkClients(configuration)
        guard tls.address != nil else {
            guard tls != Configuration.DoorTLS(), !reading.hasFault(below: Self.path) else { return }
            return missing(Self.path, "address", hint: "such as address: 0.0.0.0:8443")
        }
        if tls.certificate == nil, !reading.hasFault(below: Self.path + ["certificate"]) {
            missing(Self.path, "certificate", hint: "add certificate: cert.pem, the gate's own certificate first")
        }
        if tls.key == nil, !reading.hasFault(below: Self.path + ["key"]) {
            missing(Self.path, "key", hint: "add key: key.pem")
        }
        guard let settings = tls.settings, !reading.hasFault(below: Self.path) else { return }
        let places: [TLSFault.Role: [String]] = [
            .certificate: ["certificate"], .key: ["key"], .authorities: ["client_certificates", "authorities"],
        ]
        for (role, file) in settings.files {
            if let place = places[role] { check(file: file, at: Self.path + place) }
        }
        guard !reading.hasFault(below: Self.path) else { return }
        do throws(TLSFault) {
            _ = try TLSMaterial(try settings.read(surroundings), for: settings)
        } catch {
            fault(Self.path + (places[error.role] ?? []), error.problem, hint: error.hint)
        }
    }

    private mutating func checkClients(_ configuration: Configuration) {
        let clients = configuration.listen.tls.clientCertificates
        let path = Self.path + ["client_certificates"]
        if clients.required, clients.authorities == nil, !reading.hasFault(below: path) {
            missing(path, "authorities", hint: "add authorities: ca.pem")
        }
        let callers = ["identity", "certificates"]
        guard configuration.identity.certificates.subjectFrom != nil, !reading.hasFault(below: callers) else { return }
        if clients.authorities == nil || configuration.listen.tls.address == nil {
            fault(
                callers + ["subject_from"],
                "needs client certificates, which nobody asks for",
                hint: "add listen.tls with client_certificates: {authorities: ca.pem}"
            )
        }
        for (index, issuer) in configuration.identity.jwt.enumerated()
        where issuer.issuer?.utf8.elementsEqual(CertificateAuthenticator.issuer.utf8) == true {
            fault(
                ["identity", "jwt", "[\(index)]", "issuer"],
                "is the name under which callers with certificates are kept",
                hint: "remove identity.certificates, or use another issuer"
            )
        }
    }
}

extension Configuration.DoorTLS {
    /// As TLS wants them; `nil` where there is none.
    var settings: TLSSettings? {
        guard address != nil, let certificate, let key else { return nil }
        var settings = TLSSettings(certificate: certificate, key: key)
        settings.oldestVersion = minimumVersion == .v1_3 ? .v1_3 : .v1_2
        settings.authorities = clientCertificates.authorities
        settings.requiresCertificate = clientCertificates.required
        return settings
    }
}

extension TLSSettings {
    /// Reads the files as the configuration sees them.
    func read(_ surroundings: Configuration.Surroundings) throws(TLSFault) -> TLSFiles {
        func bytes(_ role: TLSFault.Role, _ path: String) throws(TLSFault) -> [UInt8] {
            guard let bytes = surroundings.read(path, TLSFiles.limit) else { throw TLSFault(role, path, .unreadable) }
            guard bytes.count <= TLSFiles.limit else { throw TLSFault(role, path, .tooLarge) }
            return bytes
        }
        let authorities: [UInt8]?
        if let path = self.authorities { authorities = try bytes(.authorities, path) } else { authorities = nil }
        return TLSFiles(
            certificate: try bytes(.certificate, certificate),
            key: try bytes(.key, key),
            authorities: authorities
        )
    }
}

extension Configuration {
    /// What `ostiary check` says of a configuration that is good.
    public func warnings(_ surroundings: Surroundings, now: UnixTime) -> [String] {
        guard let settings = listen.tls.settings, let files = try? settings.read(surroundings),
            let warning = try? TLSMaterial(files, for: settings).warning(at: now)
        else { return [] }
        return [warning.description]
    }
}
