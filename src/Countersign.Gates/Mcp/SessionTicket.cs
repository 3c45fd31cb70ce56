using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Gates.Mcp.Upstream;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// What a session is: who opened it, towards which target, and how its client introduced itself. It travels sealed in
/// the session id, so that any node can serve the session and a restart ends none.
/// </summary>
internal sealed record SessionTicket(Asker Asker, TargetName Target, string Version)
{
    public required string ClientName { get; init; }

    public required string ClientVersion { get; init; }

    public required ReadOnlyMemory<byte> Capabilities { get; init; }

    public required DateTimeOffset Issued { get; init; }

    /// <summary>
    /// What all requests without a session share: the upstream server gets to know the gateway, since their clients
    /// introduce themselves anew with each of them.
    /// </summary>
    public static SessionTicket Stateless(Visitor visitor, DateTimeOffset now) =>
        new(visitor.Asker, visitor.Target.Name, ProtocolVersions.Modern)
        {
            ClientName = "countersign",
            ClientVersion = typeof(SessionTicket).Assembly.GetName().Version!.ToString(3),
            Capabilities = "{}"u8.ToArray(),
            Issued = now,
        };

    public Hello Hello => new(Version, Capabilities, Rpc.Object(json =>
    {
        json.WriteString("name", ClientName);
        json.WriteString("version", ClientVersion);
    }));

    public byte[] ToBytes() => Rpc.Object(json =>
    {
        json.WriteString("agent", Asker.Agent.Value);
        if (Asker.OnBehalfOf is { } person)
        {
            json.WriteString("on_behalf_of", person.Value);
        }

        json.WriteString("target", Target.Value);
        json.WriteString("version", Version);
        json.WriteString("client", ClientName);
        json.WriteString("client_version", ClientVersion);
        Rpc.WriteRaw(json, "capabilities", Capabilities);
        json.WriteNumber("issued", Issued.ToUnixTimeSeconds());
    });

    /// <summary>Reads what <see cref="ToBytes"/> wrote; the seal has vouched for the bytes.</summary>
    public static SessionTicket Read(ReadOnlyMemory<byte> bytes)
    {
        using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 512 });
        var json = document.RootElement;
        string Text(string name) => json.GetProperty(name).GetString()!;
        PersonId? person = json.TryGetProperty("on_behalf_of", out var id) ? new PersonId(id.GetString()!) : null;
        var asker = new Asker(new AgentId(Text("agent")), person);
        return new SessionTicket(asker, new TargetName(Text("target")), Text("version"))
        {
            ClientName = Text("client"),
            ClientVersion = Text("client_version"),
            Capabilities = System.Text.Encoding.UTF8.GetBytes(json.GetProperty("capabilities").GetRawText()),
            Issued = DateTimeOffset.FromUnixTimeSeconds(json.GetProperty("issued").GetInt64()),
        };
    }
}
