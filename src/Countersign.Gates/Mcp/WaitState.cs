using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Where a repeated call goes on waiting: it travels sealed in <c>requestState</c>. It is no approval and opens
/// nothing, since the repeated call is read, judged and attached like every other; it only names the wait.
/// </summary>
internal sealed record WaitState(Asker Asker, ActionId Action, string Digest, int Round, DateTimeOffset Expires)
{
    public required TargetName Target { get; init; }

    public byte[] ToBytes() => Rpc.Object(json =>
    {
        json.WriteString("agent", Asker.Agent.Value);
        if (Asker.OnBehalfOf is { } person)
        {
            json.WriteString("on_behalf_of", person.Value);
        }

        json.WriteString("target", Target.Value);
        json.WriteString("action", Action.Value);
        json.WriteString("digest", Digest);
        json.WriteNumber("round", Round);
        json.WriteNumber("expires", Expires.ToUnixTimeSeconds());
    });

    /// <summary>Reads what <see cref="ToBytes"/> wrote; the seal has vouched for the bytes.</summary>
    public static WaitState Read(ReadOnlyMemory<byte> bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        var json = document.RootElement;
        string Text(string name) => json.GetProperty(name).GetString()!;
        PersonId? person = json.TryGetProperty("on_behalf_of", out var id) ? new PersonId(id.GetString()!) : null;
        if (!ActionId.TryParse(Text("action"), out var action))
        {
            throw new InvalidOperationException("A sealed state names no action.");
        }

        return new WaitState(
            new Asker(new AgentId(Text("agent")), person),
            action,
            Text("digest"),
            json.GetProperty("round").GetInt32(),
            DateTimeOffset.FromUnixTimeSeconds(json.GetProperty("expires").GetInt64()))
        {
            Target = new TargetName(Text("target")),
        };
    }
}
