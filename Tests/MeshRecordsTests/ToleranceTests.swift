import MeshCore
import MeshRecords
import Testing

/// What is read though it is not what is written: Go's tolerance, and newer forms.
@Suite("Records: tolerance")
struct ToleranceTests {
    @Test func absentAndNullFieldsAreZero() throws {
        #expect(try NodeRecord(decoding: bytes("{}")) == NodeRecord(name: "", cluster: "", clusterID: 0))
        let nulls = """
            {"Name":null,"Cluster":null,"IPAddresses":null,"IPv4AllocCIDR":null,"IPv4SecondaryAllocCIDRs":null,\
            "IPv6AllocCIDR":null,"IPv6SecondaryAllocCIDRs":null,"IPv4HealthIP":null,"IPv6HealthIP":null,\
            "IPv4IngressIP":null,"IPv6IngressIP":null,"ClusterID":null,"Source":null,"EncryptionKey":null,\
            "Labels":null,"Annotations":null,"WireguardPubKey":null,"BootID":null}
            """
        #expect(try NodeRecord(decoding: bytes(nulls)) == NodeRecord(name: "", cluster: "", clusterID: 0))

        let none = ServiceRecord(
            cluster: "",
            name: ServiceName(namespace: "", name: ""),
            clusterID: 0,
            includeExternal: false,
            shared: false
        )
        #expect(try ServiceRecord(decoding: bytes("{}")) == none)
        let serviceNulls = """
            {"cluster":null,"namespace":null,"name":null,"frontends":null,"backends":null,"hostnames":null,\
            "zones":null,"labels":null,"selector":null,"includeExternal":null,"shared":null,"clusterID":null}
            """
        #expect(try ServiceRecord(decoding: bytes(serviceNulls)) == none)
        #expect(try ClusterConfig(decoding: bytes(#"{"capabilities":null}"#)) == ClusterConfig(id: 0))
        #expect(try ClusterConfig(decoding: bytes("{}")).serviceExportsEnabled == nil)
    }

    @Test func unknownFieldsAreSkipped() throws {
        let config = #"{"id":3,"future":{"a":[1,{"b":"}"}]},"capabilities":{"more":-1.5e3,"syncedCanaries":true}}"#
        #expect(try ClusterConfig(decoding: bytes(config)).syncedCanaries)
    }

    @Test func aCIDRAsTextIsRead() throws {
        let node = try NodeRecord(
            decoding: bytes(
                #"{"IPv4AllocCIDR":"10.12.3.0/24","IPv6AllocCIDR":"fd00::/64","IPv4SecondaryAllocCIDRs":["10.9.0.0/16"]}"#
            )
        )
        #expect(node.ipv4AllocationCIDR == (try IPPrefix("10.12.3.0/24")))
        #expect(node.ipv6AllocationCIDR == (try IPPrefix("fd00::/64")))
        #expect(node.ipv4SecondaryAllocationCIDRs == [try IPPrefix("10.9.0.0/16")])
        #expect(text(node.encoded()).contains(#""IPv4AllocCIDR":{"IP":"10.12.3.0","Mask":"////AA=="}"#))
    }

    @Test func bitsBehindACIDRsLengthAreDropped() throws {
        let node = try NodeRecord(decoding: bytes(#"{"IPv4AllocCIDR":"10.12.3.77/24"}"#))
        #expect(node.ipv4AllocationCIDR == (try IPPrefix("10.12.3.0/24")))
    }

    @Test(arguments: [
        (#"{"IPv4AllocCIDR":"10.12.3.0"}"#, "IPv4AllocCIDR"),
        (#"{"IPv4AllocCIDR":"fd00::/64"}"#, "is not an IPv4 CIDR"),
        (#"{"IPv4AllocCIDR":{"IP":"10.0.0.0"}}"#, "a CIDR needs an IP and a mask"),
        (#"{"IPv4AllocCIDR":{"IP":"10.0.0.0","Mask":"/wD/AA=="}}"#, "not the base64 of a mask"),
        (#"{"IPv4AllocCIDR":{"IP":"fd00::","Mask":"////AA=="}}"#, "of the same family"),
        (#"{"IPv4AllocCIDR":7}"#, "expected a CIDR"),
        (#"{"IPAddresses":[{"Type":"InternalIP","IP":"300.1.1.1"}]}"#, "greater than 255"),
        (#"{"IPAddresses":{}}"#, "field 'IPAddresses': expected a list"),
        (#"{"ClusterID":-1}"#, "field 'ClusterID': expected a whole number in 0…4294967295"),
        (#"{"ClusterID":4294967296}"#, "field 'ClusterID': expected a whole number in 0…4294967295"),
        (#"{"ClusterID":1.5}"#, "field 'ClusterID': expected a whole number in 0…4294967295"),
        (#"{"EncryptionKey":256}"#, "field 'EncryptionKey': expected a whole number in 0…255"),
        (#"{"Labels":{"a":1}}"#, "field 'Labels.a': expected a text"),
        (#"{"Name":"n"} x"#, "not valid JSON"),
        ("[]", "expected an object"),
        ("null", "expected an object"),
        ("", "not valid JSON"),
    ])
    func aNodeThatCannotBeReadSaysWhy(json: String, why: String) {
        let error = #expect(throws: RecordError.self) { try NodeRecord(decoding: bytes(json)) }
        #expect(error?.reason == .malformedValue)
        #expect(error?.message.contains(why) == true, "\(error?.message ?? "none")")
    }

    @Test(arguments: ["fe80::1%eth0", "10.0.0", "cart.shop", "10.0.0.1/32", "010.0.0.1"])
    func aServiceWithAnAddressThatIsNoIPIsRefused(address: String) {
        for field in ["frontends", "backends"] {
            let error = #expect(throws: RecordError.self) {
                try ServiceRecord(decoding: bytes(#"{"\#(field)":{"\#(address)":{}}}"#))
            }
            #expect(error?.message.contains(address) == true)
        }
    }

    @Test func oneAddressInTwoSpellingsIsOneBackendWithThePortsOfBoth() throws {
        let service = try ServiceRecord(
            decoding: bytes(
                #"{"backends":{"FD00::1":{"a":{"Protocol":"TCP","Port":1}},"fd00:0::1":{"b":{"Protocol":"UDP","Port":2}}}}"#
            )
        )
        let ports = [ServicePort(name: "a", number: 1), ServicePort(name: "b", transport: "UDP", number: 2)]
        #expect(service.backends == [ServiceEndpoint(try IPAddress("fd00::1"), ports: ports)])
    }

    @Test func aPortOfNullIsNoPort() throws {
        let service = try ServiceRecord(decoding: bytes(#"{"backends":{"10.0.0.1":{"http":null}}}"#))
        #expect(service.backends == [ServiceEndpoint(try IPAddress("10.0.0.1"), ports: [])])
    }

    @Test func anIPWithoutAddressOrWithAMaskOfTheOtherFamilyIsRefused() {
        for json in [#"{"Mask":null}"#, #"{"IP":""}"#, #"{"IP":null}"#] {
            #expect(throws: RecordError(.malformedValue, "field 'IP' is missing")) {
                try IPRecord(decoding: bytes(json))
            }
        }
        #expect(throws: RecordError(.malformedValue, "field 'Mask' is not a mask for fd00::1")) {
            try IPRecord(decoding: bytes(#"{"IP":"fd00::1","Mask":"////AA=="}"#))
        }
    }

    @Test func anIPv4AddressMappedIntoIPv6IsTheIPv4Address() throws {
        let ip = try IPRecord(decoding: bytes(#"{"IP":"::ffff:10.0.0.1","HostIP":"::ffff:192.168.0.1"}"#))
        #expect(ip.ip == .address(try IPAddress("10.0.0.1")))
        #expect(ip.hostIP == (try IPAddress("192.168.0.1")))
    }
}
