using System.Net;
using Countersign.Core.Actions;
using Countersign.Gates.Access;
using Countersign.Gates.Mcp.Wire;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Mcp;

/// <summary>Decides who comes in: no web page of another origin, only agents, only to targets they may use.</summary>
internal sealed class McpEntrance(McpGateOptions options)
{
    private static readonly Problem s_notForPeople = new(
        403, "not-an-agent", "This is where agents ask. A person's token cannot be used here; use an agent's token.");

    private static readonly Refusal s_notFromHere = new(
        403, Rpc.ServerError, "This Origin or Host is refused: call the gateway by its public_url.");

    /// <summary>The visitor, or <c>null</c> after the refusal was written.</summary>
    public async Task<Visitor?> AdmitAsync(HttpContext context, string target)
    {
        if (!IsOurOrigin(context.Request))
        {
            await s_notFromHere.WriteAsync(context);
            return null;
        }

        switch (await options.Authenticate(Presented.From(context), context.RequestAborted))
        {
            case Caller.OfAgent agent:
                return await AdmitAsync(context, agent, target);
            case Caller.OfPerson:
                await s_notForPeople.WriteAsync(context);
                return null;
            default:
                await Problem.Unauthorized.WriteAsync(context);
                return null;
        }
    }

    private async Task<Visitor?> AdmitAsync(HttpContext context, Caller.OfAgent agent, string text)
    {
        if (options.Stopped.Contains(agent.Asker.Agent))
        {
            await Refusal.Stopped(agent.Asker.Agent).WriteAsync(context);
            return null;
        }

        if (TargetName.TryParse(text, out var name)
            && options.Charter().FindTarget(name, agent.Asker.Agent) is { Gate: GateKind.Mcp } target
            && options.Target(name) is { } settings)
        {
            return new Visitor(agent.Asker, target, settings);
        }

        // A target that is not for this agent looks like one that does not exist.
        await new Refusal(404, Rpc.ServerError, $"There is no MCP target '{text}' for this agent.").WriteAsync(context);
        return null;
    }

    /// <summary>
    /// Against DNS rebinding (streamable HTTP, "Security Warning"): a browser names the page's origin, and a gateway on
    /// the loopback interface is called by a loopback name only.
    /// </summary>
    private bool IsOurOrigin(HttpRequest request)
    {
        var here = options.PublicUrl;
        if (here.IsLoopback && !IsLoopback(request.Host.Host))
        {
            return false;
        }

        var origin = request.Headers.Origin.ToString();
        if (origin.Length == 0)
        {
            return true;
        }

        return Uri.TryCreate(origin, UriKind.Absolute, out var page)
            && (here.IsLoopback && page.IsLoopback || AuthorityOf(page) == AuthorityOf(here));
    }

    private static string AuthorityOf(Uri address) => address.GetLeftPart(UriPartial.Authority);

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address);
}
