using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;

namespace Countersign.Tests.Cli.Hook;

/// <summary>
/// A server as far as a hook sees one: it answers what a test wants to see answered, and keeps what it was asked.
/// </summary>
internal sealed class PlayedPermits : HttpMessageHandler
{
    public const string Id = "act_00000000000000000000000001";

    /// <summary>The state that an asked action is in, and the states it goes through while the hook waits.</summary>
    public Queue<string> States { get; } = new(["approved"]);

    /// <summary>Another input than was asked, as reviewers want it.</summary>
    public JsonNode? ChangedInput { get; init; }

    /// <summary>Other members of an answer than a server gives.</summary>
    public Action<JsonObject>? Spoil { get; init; }

    public bool WasHeld { get; init; } = true;

    /// <summary>What is answered instead, by the beginning of <c>METHOD path</c>.</summary>
    public Dictionary<string, Func<HttpResponseMessage>> Instead { get; } = [];

    /// <summary>Never answers a wait.</summary>
    public TaskCompletionSource? Stuck { get; init; }

    /// <summary><c>METHOD path</c> and the body of every request.</summary>
    public List<(string Call, JsonElement? Body)> Calls { get; } = [];

    private JsonObject? _action;

    public IEnumerable<string> Paths => Calls.Select(call => call.Call);

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var text = request.Content is null ? null : await request.Content.ReadAsStringAsync(cancellationToken);
        var call = $"{request.Method} {request.RequestUri!.PathAndQuery}";
        Calls.Add((call, text is null ? null : JsonElement.Parse(text)));
        if (Instead.FirstOrDefault(each => call.StartsWith(each.Key, StringComparison.Ordinal)).Value is { } other)
        {
            return other();
        }

        if (call.StartsWith("GET /v1/actions/", StringComparison.Ordinal) && Stuck is not null)
        {
            Stuck.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        return Json(HttpStatusCode.OK, AnswerTo(request.RequestUri.AbsolutePath, text));
    }

    public static HttpResponseMessage Problem(HttpStatusCode status, string detail) =>
        Json(status, new JsonObject { ["detail"] = detail });

    public static HttpResponseMessage Raw(HttpStatusCode status, string text) =>
        new(status) { Content = new StringContent(text, Encoding.UTF8, "application/json") };

    private static HttpResponseMessage Json(HttpStatusCode status, JsonNode json) => Raw(status, json.ToJsonString());

    private JsonNode AnswerTo(string path, string? body)
    {
        if (path == "/v1/targets")
        {
            return JsonNode.Parse("""{"items":[{"name":"laptop","gate":"hook"},{"name":"ops","gate":"mcp"}]}""")!;
        }

        if (path == "/v1/actions")
        {
            _action = Action(JsonNode.Parse(body!)!.AsObject());
        }

        _action!["state"] = path.EndsWith("/claim", StringComparison.Ordinal) ? "executing"
            : path.EndsWith("/outcome", StringComparison.Ordinal) ? (string)JsonNode.Parse(body!)!["state"]!
            : States.Count > 1 ? States.Dequeue() : States.Peek();
        _action["permit"] = JsonNode.Parse("""{"claim":3,"uses_left":0}""");
        Spoil?.Invoke(_action);
        return _action.DeepClone();
    }

    private JsonObject Action(JsonObject asked)
    {
        var arguments = asked["arguments"]!.DeepClone().AsObject();
        if (ChangedInput is not null)
        {
            arguments["input"] = ChangedInput.DeepClone();
        }

        Assert.True(CanonicalJson.TryCanonicalize(
            Encoding.UTF8.GetBytes(arguments.ToJsonString()), JsonLimits.Default, out var canonical, out _));
        var (target, operation) = ((string)asked["target"]!, (string)asked["operation"]!);
        return new JsonObject
        {
            ["id"] = Id,
            ["target"] = target,
            ["operation"] = operation,
            ["arguments"] = arguments,
            ["digest"] = CanonicalAction.Of(new TargetName(target), operation, canonical).Digest.Value,
            ["explanation"] = null,
            ["verdict"] = JsonNode.Parse("""{"rules":[{"id":"shell","reason":"A person looks at it."}]}"""),
            ["review"] = WasHeld
                ? JsonNode.Parse(
                    """
                    {"url":"http://server/console/actions/1",
                     "votes":[{"person":"alice","decision":"approve","comment":"go on"}]}
                    """)
                : null,
        };
    }
}
