using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Api;

/// <summary>
/// Reads <c>POST /v1/actions</c> into a request: strict JSON, known members only, a target the agent may use.
/// </summary>
internal sealed class ApiActionReader(
    Func<Charter> charter, CompleteAsking complete, JsonLimits limits)
{
    private const int LongestOperation = 1024;
    private const int LongestIdempotencyKey = 255;

    private static readonly string[] Texts = ["target", "operation", "reason", "session"];
    private static readonly string[] Others = ["arguments"];

    public async Task<(Asking? Asking, Problem? Problem)> ReadAsync(
        HttpRequest request, Asker asker, CancellationToken cancellationToken)
    {
        if (ReadKey(request, out var key) is { } tooLong)
        {
            return (null, tooLong);
        }

        var (body, problem) = await StrictBody.ReadAsync(request, limits, Texts, Others, cancellationToken);
        using (body)
        {
            if (body is not null)
            {
                (var asking, problem) = Read(body, asker, key);
                return asking is null ? (null, problem)
                    : asking.Target == AgentDesk.Gateway ? (asking, null)
                    : await complete(asking, cancellationToken);
            }
        }

        return (null, problem);
    }

    /// <summary>Reads the header <c>Idempotency-Key</c>, or the problem with it; an empty one is none.</summary>
    public static Problem? ReadKey(HttpRequest request, out string? key)
    {
        var said = request.Headers["Idempotency-Key"].ToString();
        key = said.Length == 0 ? null : said;
        return said.Length > LongestIdempotencyKey
            ? RequestBody.Malformed($"The Idempotency-Key is longer than {LongestIdempotencyKey} characters.")
            : null;
    }

    private (Asking? Asking, Problem? Problem) Read(StrictBody body, Asker asker, string? key)
    {
        if (body.Text("target") is not { } targetName || body.Text("operation") is not { Length: > 0 } operation)
        {
            return (null, RequestBody.Malformed("'target' and 'operation' are texts and both are needed."));
        }

        if (operation.Length > LongestOperation)
        {
            return (null, RequestBody.Malformed($"'operation' is longer than {LongestOperation} characters."));
        }

        if (!TargetName.TryParse(targetName, out var name) || Find(name, operation, asker) is not { } target)
        {
            return (null, ApiProblems.UnknownTarget(targetName));
        }

        return ArgumentsOf(body.Json) is { } arguments
            ? (AskingOf(body, asker, target, CanonicalAction.Of(name, operation, arguments), key), null)
            : (null, RequestBody.Malformed("'arguments' is an object."));
    }

    /// <summary>No agent is admitted to the gateway itself; this one wish is for it all the same.</summary>
    private Target? Find(TargetName name, string operation, Asker asker) =>
        TokenDesk.IsAbout(name, operation) ? AgentDesk.Gateway : charter().FindTarget(name, asker.Agent);

    private static Asking AskingOf(
        StrictBody body, Asker asker, Target target, CanonicalAction action, string? idempotencyKey) =>
        new(asker, target, GateKind.Api, action)
        {
            // On an MCP target the operation is a tool; the gate's other facts need a live session with the server.
            Facts = target.Gate == GateKind.Mcp ? Facts.Of("mcp", ("tool", action.Operation)) : Facts.None,
            Claimed = Claimed.Of(body.Text("reason"), body.Text("session")),
            IdempotencyKey = idempotencyKey,
        };

    private static CanonicalJson? ArgumentsOf(CanonicalJson body)
    {
        if (!body.TryGetMember("arguments", out var arguments))
        {
            return new CanonicalObject().ToCanonicalJson();
        }

        return arguments.Bytes.Span[0] == (byte)'{' ? arguments : null;
    }
}
