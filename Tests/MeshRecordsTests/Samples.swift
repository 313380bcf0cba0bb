import MeshCore
import MeshRecords

/// What Cilium itself writes for one record of each kind, byte for byte.
enum Golden {
    static let clusterConfig =
        #"{"id":3,"capabilities":{"syncedCanaries":true,"maxConnectedClusters":255,"serviceExportsEnabled":false,"#
        + #""endpointSlicesExportMode":"services-and-endpointslices"}}"#

    static let node =
        #"{"Name":"worker-1","Cluster":"eu-west","IPAddresses":[{"Type":"InternalIP","IP":"172.20.0.11"},"#
        + #"{"Type":"CiliumInternalIP","IP":"10.12.3.1"}],"IPv4AllocCIDR":{"IP":"10.12.3.0","Mask":"////AA=="},"#
        + #""IPv4SecondaryAllocCIDRs":null,"IPv6AllocCIDR":null,"IPv6SecondaryAllocCIDRs":null,"#
        + #""IPv4HealthIP":"10.12.3.77","IPv6HealthIP":"","IPv4IngressIP":"","IPv6IngressIP":"","ClusterID":3,"#
        + #""Source":"custom-resource","EncryptionKey":0,"Labels":{"kubernetes.io/hostname":"worker-1"},"#
        + #""Annotations":null,"WireguardPubKey":"","BootID":"0f6c0c8e-3a43-4c0f-8e46-1fb0a35b9d7e"}"#

    static let service =
        #"{"cluster":"eu-west","namespace":"shop","name":"cart","frontends":{"10.96.14.9":{"http":"#
        + #"{"Protocol":"TCP","Port":80}}},"backends":{"10.12.3.45":{"http":{"Protocol":"TCP","Port":8080}},"#
        + #""10.12.4.8":{"http":{"Protocol":"TCP","Port":8080}}},"zones":{"10.12.3.45":{"zone":"eu-west-1a","#
        + #""forZones":[{"name":"eu-west-1a"}]}},"labels":{},"selector":{"app":"cart"},"includeExternal":true,"#
        + #""shared":true,"clusterID":3}"#

    static let ip =
        #"{"IP":"10.12.3.45","Mask":null,"HostIP":"172.20.0.11","ID":199472,"Key":0,"Metadata":"","#
        + #""K8sNamespace":"shop","K8sPodName":"cart-6c9f7","K8sServiceAccount":"default","#
        + #""NamedPorts":[{"Name":"http","Port":8080,"Protocol":"TCP"}]}"#

    static let serviceExport =
        #"{"cluster":"eu-west","name":"cart","namespace":"shop","labels":{"team":"web"},"#
        + #""exportCreationTimestamp":"2026-01-01T00:00:00Z","ports":[{"name":"http","protocol":"TCP","port":80}],"#
        + #""type":"ClusterSetIP","sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":42}}}"#

    static let identity =
        "k8s:app=cart;k8s:io.cilium.k8s.policy.cluster=eu-west;k8s:io.kubernetes.pod.namespace=shop;"
}

/// The bytes of a text.
func bytes(_ text: String) -> ArraySlice<UInt8> { ArraySlice(text.utf8) }

/// The text of bytes.
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// A decoder for the cluster of the golden texts.
func euWest(_ space: ClusterID.Space = .clusters255, maximumValueBytes: Int? = nil) throws -> RecordDecoder {
    RecordDecoder(
        cluster: try ClusterName("eu-west"),
        id: try ClusterID(3),
        space: space,
        maximumValueBytes: maximumValueBytes ?? RecordDecoder.defaultMaximumValueBytes
    )
}
