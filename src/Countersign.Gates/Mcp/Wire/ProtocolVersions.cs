namespace Countersign.Gates.Mcp.Wire;

/// <summary>The revisions of MCP with a handshake. They are dates, so that their text orders them.</summary>
internal static class ProtocolVersions
{
    public const string Latest = "2025-11-25";

    /// <summary>The first revision without a handshake.</summary>
    public const string Modern = "2026-07-28";

    public static IReadOnlyList<string> Supported { get; } = ["2025-03-26", "2025-06-18", Latest];

    /// <summary>
    /// The version to answer a client with: its own when it is served, otherwise the latest (lifecycle, "Version
    /// Negotiation").
    /// </summary>
    public static string Negotiate(string requested) => Supported.Contains(requested) ? requested : Latest;

    /// <summary>
    /// The older of both sides' versions; an upstream server from before 2025-03-26 is spoken to as it likes.
    /// </summary>
    public static string Common(string client, string upstream) =>
        Supported.Contains(upstream) && string.CompareOrdinal(upstream, client) < 0 ? upstream : client;
}
