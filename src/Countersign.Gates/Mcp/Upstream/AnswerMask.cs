using System.Diagnostics;
using System.Text;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp.Upstream;

/// <summary>
/// Masks what a target's server says, before the agent, the record or a reviewer sees it. Definitions (of tools,
/// prompts and templates) pass as they are: people review those, and a masked one could not be called. A document is
/// <c>structuredContent</c>, an error's <c>data</c>, or a text that is JSON; paths begin there.
/// </summary>
internal sealed class AnswerMask(TargetRedaction redaction)
{
    /// <summary>The member of a result's <c>_meta</c> that says how many values of which kind are masked.</summary>
    public const string Meta = "countersign/masked";

    private static readonly Encoding StrictUtf8 = new UTF8Encoding(false, throwOnInvalidBytes: true);

    /// <summary>What says how the target is to be used, and nothing of what it holds.</summary>
    private static readonly string[] Definitions =
        ["initialize", "server/discover", "tools/list", "prompts/list", "resources/templates/list", "ping"];

    /// <summary>What a result consists of; each part is masked by itself.</summary>
    private static readonly string[] Parts = ["content", "contents", "messages", "resource", "result"];

    /// <summary>Members that tie a message to another one; they are no texts.</summary>
    private static readonly string[] Ties = ["progressToken", "requestId"];

    private readonly TargetRedactor _redactor = new(redaction);

    /// <summary>For what describes fields: a rule about a field would break its description.</summary>
    private readonly TargetRedactor _descriptions = new(redaction with { Fields = FieldRules.None });

    /// <summary>The answer to a request of ours.</summary>
    public RpcMessage.Response Clean(string method, RpcMessage.Response answer)
    {
        if (_redactor.IsIdle || Definitions.Contains(method))
        {
            return answer;
        }

        var report = RedactionReport.Empty;
        if (answer.Error is { } error)
        {
            var clean = Members(error, static name => name is "data", ref report);
            return report.Counts.IsEmpty
                ? answer
                : Read<RpcMessage.Response>(Rpc.Error(answer.Id, clean)) with { Masked = report };
        }

        var result = answer.Result!.Value;
        var masked = Members(result, static name => name is "structuredContent", ref report);
        return WithReport(masked, report) is { } told
            ? Read<RpcMessage.Response>(Rpc.Result(answer.Id, told)) with { Masked = report }
            : answer;
    }

    /// <summary>What the server says of itself: notifications, and questions to the agent's side.</summary>
    public RpcMessage Clean(RpcMessage message)
    {
        var parameters = message switch
        {
            RpcMessage.Request asked => asked.Params,
            RpcMessage.Notification told => told.Params,
            _ => null,
        };
        if (_redactor.IsIdle || message is RpcMessage.Response)
        {
            return message;
        }

        // Written anew: what stands beside its members, or twice among them, is nobody's to read.
        var report = RedactionReport.Empty;
        var masked = parameters is { } raw ? Members(raw, static name => name is "data", ref report) : parameters;
        return message switch
        {
            RpcMessage.Request asked => Read<RpcMessage>(Rpc.Request(asked.Id, Plain(asked.Method), masked)),
            RpcMessage.Notification told => Read<RpcMessage>(Rpc.Notification(Plain(told.Method), masked)),
            _ => throw new UnreachableException(),
        };
    }

    private string Plain(string text) => _redactor.Redact(text, out _);

    private static T Read<T>(ReadOnlyMemory<byte> bytes)
        where T : RpcMessage =>
        RpcMessage.TryRead(bytes, out var message) && message is T same
            ? same
            : throw new InvalidOperationException("With its masks this is no message any more.");

    /// <summary>The result with its report; <c>null</c> when there is neither a mask nor a forged report.</summary>
    private static byte[]? WithReport(ReadOnlyMemory<byte> result, RedactionReport report)
    {
        if (!RawObject.TryRead(result, out var members))
        {
            return report.Counts.IsEmpty ? null : result.ToArray();
        }

        var meta = members.FindObject("_meta");
        if (report.Counts.IsEmpty && meta?.Find(Meta) is null)
        {
            return null;
        }

        var others = (meta ?? RawObject.Empty).Without(Meta);
        var told = report.Counts.IsEmpty ? others : others.With(Meta, Rpc.Object(json =>
        {
            foreach (var (kind, count) in report.Counts)
            {
                json.WriteNumber(kind, count);
            }
        }));
        var bare = members.Without("_meta");
        return (told.Members.Any() ? bare.With("_meta", told.ToBytes()) : bare).ToBytes();
    }

    /// <summary>Masks the members of an object; those that are documents from their own root.</summary>
    private ReadOnlyMemory<byte> Members(
        ReadOnlyMemory<byte> value, Predicate<string> isDocument, ref RedactionReport report)
    {
        if (!RawObject.TryRead(value, out var members))
        {
            return Document(value, ref report);
        }

        var before = report;
        var masked = new List<KeyValuePair<string, ReadOnlyMemory<byte>>>();
        foreach (var (name, member) in members.Members)
        {
            var isText = member.Span[0] == (byte)'"';
            masked.Add(name switch
            {
                _ when Ties.Contains(name) => KeyValuePair.Create(name, isText ? Document(member, ref report) : member),
                _ when isDocument(name) => KeyValuePair.Create(name, Document(member, ref report)),
                _ when Parts.Contains(name) => KeyValuePair.Create(name, Part(member, ref report)),
                "data" or "blob" when isText => KeyValuePair.Create(name, Encoded(member, ref report)),
                "requestedSchema" => Named(_descriptions, name, member, ref report),
                _ => Named(_redactor, name, member, ref report),
            });
        }

        return ReferenceEquals(before, report) ? value : RawObject.Of(masked).ToBytes();
    }

    /// <summary>What a result holds in parts: each text is a document of its own, and so is an embedded file.</summary>
    private ReadOnlyMemory<byte> Part(ReadOnlyMemory<byte> value, ref RedactionReport report)
    {
        switch (value.Span[0])
        {
            case (byte)'[':
                var before = report;
                var elements = new List<ReadOnlyMemory<byte>>();
                foreach (var element in RawObject.Elements(value))
                {
                    elements.Add(Part(element, ref report));
                }

                return ReferenceEquals(before, report) ? value : RawObject.Array(elements);
            case (byte)'{':
                return Members(value, static name => name is "structuredContent", ref report);
            default:
                return Document(value, ref report);
        }
    }

    /// <summary>Masks a member as what it is called.</summary>
    private static KeyValuePair<string, ReadOnlyMemory<byte>> Named(
        TargetRedactor redactor, string name, ReadOnlyMemory<byte> value, ref RedactionReport report)
    {
        var alone = RawObject.Of([KeyValuePair.Create(name, value)]).ToBytes();
        var masked = redactor.Redact(alone, out var found);
        if (found.Counts.IsEmpty)
        {
            return KeyValuePair.Create(name, value);
        }

        report = report.With(found);
        return RawObject.TryRead(masked, out var read)
            ? read.Members.First()
            : throw new InvalidOperationException("With its masks this is no member any more.");
    }

    /// <summary>A file in base64: text is masked as text; an image or a sound passes.</summary>
    private ReadOnlyMemory<byte> Encoded(ReadOnlyMemory<byte> value, ref RedactionReport report)
    {
        string text;
        try
        {
            text = StrictUtf8.GetString(Convert.FromBase64String(RawObject.TextOf(value) ?? ""));
        }
        catch (FormatException)
        {
            return Document(value, ref report);
        }
        catch (DecoderFallbackException)
        {
            return value;
        }

        var masked = _redactor.Redact(text, out var found);
        if (found.Counts.IsEmpty)
        {
            return value;
        }

        report = report.With(found);
        return RawObject.Quote(Convert.ToBase64String(Encoding.UTF8.GetBytes(masked)));
    }

    private ReadOnlyMemory<byte> Document(ReadOnlyMemory<byte> value, ref RedactionReport report)
    {
        var masked = _redactor.Redact(value, out var found);
        if (!found.Counts.IsEmpty)
        {
            report = report.With(found);
        }

        return masked;
    }
}
