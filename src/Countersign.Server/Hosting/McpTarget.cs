using Countersign.Gates.Credentials;
using Countersign.Gates.Mcp;
using Countersign.Server.Configuration;

namespace Countersign.Server.Hosting;

/// <summary>What the configuration says about an MCP target, in the gate's own words.</summary>
internal static partial class McpTarget
{
    public static McpOptions Of(TargetSettings target, TimeProvider time, ILogger log) =>
        new(UpstreamOf(target.Upstream!, time, log))
        {
            AskReason = target.Upstream!.AskReason,
            Previews = target.Upstream.Previews,
            Redaction = target.Target.Redaction,
        };

    private static McpUpstream UpstreamOf(UpstreamSettings upstream, TimeProvider time, ILogger log) =>
        upstream.Url is { } url
            ? new McpUpstream.Http(url, upstream.Credential is { } credential ? CredentialOf(credential) : null)
            {
                Mint = upstream.Mint is { } mint ? MintOf(new CredentialMint(mint, time, log)) : null,
            }
            : new McpUpstream.Command(upstream.Command[0], upstream.Command[1..])
            {
                Environment = upstream.EnvironmentVariables,
            };

    private static McpCredential CredentialOf((string Header, string Value) configured)
    {
        var credential = new McpCredential(configured.Header, _ => ValueTask.FromResult(configured.Value));
        ArmKillPoints(ref credential);
        return credential;
    }

    private static MintCredential MintOf(CredentialMint mint)
    {
        MintCredential make = mint.MintAsync;
        ArmKillPoints(ref make);
        return make;
    }

    /// <summary>Have bodies only in the build configuration Faults, like those of <see cref="Node"/>.</summary>
    static partial void ArmKillPoints(ref McpCredential credential);

    static partial void ArmKillPoints(ref MintCredential mint);
}
