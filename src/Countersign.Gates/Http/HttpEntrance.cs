using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Countersign.Gates.Http;

/// <summary>
/// Decides who comes in, and reads what they ask for from the request line as it was sent: the server in front has
/// decoded its own copy of the path already.
/// </summary>
internal sealed class HttpEntrance(HttpGateOptions options)
{
    private const string Prefix = "/http/";
    private const string Basic = "Basic ";

    private static readonly Problem s_notForPeople = new(
        403, "not-an-agent", "This is where agents ask. A person's token cannot be used here; use an agent's token.");

    /// <summary>The visitor, or why nobody comes in.</summary>
    public async ValueTask<(HttpVisitor? Visitor, Problem? Problem)> AdmitAsync(HttpContext context, string target)
    {
        var shown = Presented.With(context, BearerToken.From(context.Request) ?? BasicToken(context.Request));
        switch (await options.Authenticate(shown, context.RequestAborted))
        {
            case Caller.OfAgent agent when options.Stopped.Contains(agent.Asker.Agent):
                return (null, Stopped(agent.Asker.Agent));
            case Caller.OfAgent agent:
                return Find(target, agent.Asker) is { } visitor
                    ? (visitor, null)
                    // A target that is not for this agent looks like one that does not exist.
                    : (null, new Problem(404, "unknown-target", $"There is no HTTP target '{target}' for this agent."));
            case Caller.OfPerson:
                return (null, s_notForPeople);
            default:
                return (null, Problem.Unauthorized);
        }
    }

    public static Problem Stopped(AgentId agent) => new(
        403,
        "agent-stopped",
        $"People stopped agent {agent}. Nothing is executed for it until two persons lift the stop.");

    /// <summary>Method, path, query and headers, or the problem; the body is read afterwards.</summary>
    public static (HttpCall? Call, Problem? Problem) ReadHead(HttpContext context, HttpVisitor visitor)
    {
        var request = context.Request;
        var raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var whyNot = HttpCall.WhyNoMethod(request.Method) ?? WhyNoMessage(context);
        if (whyNot is not null)
        {
            return (null, Malformed(whyNot));
        }

        var head = Prefix + visitor.Target.Name;
        if (!raw.StartsWith(head, StringComparison.Ordinal)
            || raw.Length > head.Length && raw[head.Length] is not ('/' or '?'))
        {
            return (null, Malformed($"the address does not begin with {head}/ as it is written"));
        }

        var rest = raw[head.Length..];
        var mark = rest.IndexOf('?', StringComparison.Ordinal);
        var (pathText, queryText) = mark < 0 ? (rest, "") : (rest[..mark], rest[(mark + 1)..]);
        if (!HttpPath.TryDecode(pathText.Length == 0 ? "/" : pathText, out var path, out whyNot))
        {
            return (null, Malformed($"the path cannot be passed on: {whyNot}"));
        }

        return HttpQuery.TryDecode(queryText, out var query, out whyNot)
            && HttpHeaders.TryRead(request.Headers, visitor.Options.Headers, out var headers, out whyNot)
            ? (new HttpCall(request.Method, path, query, headers, HttpBody.None), null)
            : (null, Malformed(whyNot!));
    }

    public static Problem Malformed(string whyNot) =>
        RequestBody.Malformed($"Nothing was sent: {whyNot.TrimEnd('.')}.");

    /// <summary>
    /// What would let two servers see two different messages, or leave the protocol (THR-070, THR-076).
    /// </summary>
    /// <remarks>
    /// The server in front keeps a length beside chunks under a name of its own, and goes by the chunks.
    /// </remarks>
    private static string? WhyNoMessage(HttpContext context)
    {
        var headers = context.Request.Headers;
        return 0 switch
        {
            _ when headers.TransferEncoding.Count > 0
                && (headers.ContentLength is not null || headers.ContainsKey("X-Content-Length")
                || headers.TransferEncoding.Count > 1
                || !headers.TransferEncoding.ToString().Equals("chunked", StringComparison.OrdinalIgnoreCase)) =>
                "the message says in two ways where it ends",
            _ when headers.Upgrade.Count > 0 || context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true
                || context.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect == true =>
                "a connection cannot be made into one of another protocol here: nothing in it could be looked at",
            _ when headers.Host.Count > 1 => "the message names two hosts",
            _ => null,
        };
    }

    private HttpVisitor? Find(string text, Asker asker) =>
        TargetName.TryParse(text, out var name)
        && options.Charter().FindTarget(name, asker.Agent) is { Gate: GateKind.Http } target
        && options.Target(name) is { } settings
            ? new HttpVisitor(asker, target, settings)
            : null;

    /// <summary>
    /// For clients that know nothing else (RFC 7617): the token is the password, or the name when there is no password.
    /// </summary>
    private static string? BasicToken(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[Basic.Length..].Trim(), bytes, out var length))
        {
            return null;
        }

        var pair = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : colon == pair.Length - 1 ? pair[..colon] : pair[(colon + 1)..];
    }
}

/// <summary>An agent that was let in to a target.</summary>
internal sealed record HttpVisitor(Asker Asker, Target Target, HttpOptions Options);
