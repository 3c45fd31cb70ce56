using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;

namespace Countersign.Server.Cli.Hook;

/// <summary>
/// A call as it is asked, and what of an answer may be carried out: exactly what was asked, or another input for the
/// same tool in the same place. The digest that is claimed is computed here from what will run, not taken on trust.
/// </summary>
internal sealed class PermitRequest
{
    private const string Description = "description";

    private readonly HookHost _host;
    private readonly ToolUse _use;
    private readonly string _target;
    private readonly string? _claimed;

    public PermitRequest(HookHost host, ToolUse use, string target)
    {
        (_host, _use, _target) = (host, use, target);
        _claimed = host.Described.Contains(use.Tool)
            && use.Input.TryGetProperty(Description, out var said) && said.ValueKind == JsonValueKind.String
                ? said.GetString()
                : null;
    }

    public ReadOnlyMemory<byte> Body => PermitApi.Body(json =>
    {
        json.WriteString("target", _target);
        json.WriteString("operation", _use.Tool);
        json.WriteStartObject("arguments");
        json.WriteString("host", _host.Name);
        json.WriteString("cwd", _use.Directory);
        json.WritePropertyName("input");
        WriteInput(json, _use.Input, withDescription: _claimed is null);
        json.WriteEndObject();
        if (_claimed is not null)
        {
            json.WriteString("reason", _claimed);
        }

        if (_use.Session is not null)
        {
            json.WriteString("session", _use.Session);
        }
    });

    /// <summary>The input that an action lets run; <c>null</c> means as it was asked.</summary>
    /// <exception cref="HookFailure">The action is about something else.</exception>
    public ReadOnlyMemory<byte>? Changed(JsonElement action)
    {
        var digest = Member(action, "digest");
        if (digest == DigestOf(Arguments()))
        {
            return null;
        }

        var arguments = action.GetProperty("arguments");
        if (Member(action, "operation") != _use.Tool || Member(action, "target") != _target
            || digest != DigestOf(Canonical(arguments.GetRawText()))
            || Member(arguments, "host") != _host.Name || Member(arguments, "cwd") != _use.Directory)
        {
            throw new HookFailure("What was approved is not this call: another tool, directory, target or digest.");
        }

        return PermitApi.Body(json => WriteMembers(json, arguments.GetProperty("input")));
    }

    private CanonicalJson Arguments()
    {
        using var body = JsonDocument.Parse(Body);
        return Canonical(body.RootElement.GetProperty("arguments").GetRawText());
    }

    private string DigestOf(CanonicalJson arguments) =>
        CanonicalAction.Of(new TargetName(_target), _use.Tool, arguments).Digest.Value;

    private static CanonicalJson Canonical(string text) =>
        CanonicalJson.TryCanonicalize(
            System.Text.Encoding.UTF8.GetBytes(text), JsonLimits.Default, out var canonical, out var refusal)
            ? canonical
            : throw new HookFailure($"The tool's input is not taken: {refusal.Message}");

    private static void WriteInput(Utf8JsonWriter json, JsonElement input, bool withDescription)
    {
        json.WriteStartObject();
        foreach (var member in input.EnumerateObject().Where(each => withDescription || each.Name != Description))
        {
            member.WriteTo(json);
        }

        json.WriteEndObject();
    }

    /// <summary>The agent gets back the description that was taken out, unless reviewers wrote one.</summary>
    private void WriteMembers(Utf8JsonWriter json, JsonElement input)
    {
        foreach (var member in input.EnumerateObject())
        {
            member.WriteTo(json);
        }

        if (_claimed is not null && !input.TryGetProperty(Description, out _))
        {
            json.WriteString(Description, _claimed);
        }
    }

    private static string? Member(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
