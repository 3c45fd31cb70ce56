using System.Text;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Tests.Postgres.Parsing;

/// <summary>What is known of statements, on one line: the notation of <c>parsed.txt</c>.</summary>
internal sealed class Description(byte[] text)
{
    public string Of(Parsed parsed) => parsed switch
    {
        Parsed.Query query => Words("query", Said("into", query.Into), Flag("no-where", query.NoWhere)),
        Parsed.Transaction it => Words(
            "transaction", it.Verb.ToString(), Said("name", it.Name), Flag("session", it.IsSession), List(it.Options)),
        Parsed.Set set => Words(
            "set", Flag("local", set.IsLocal), set.Name, set.Values is { } values ? List(values) : "to-default"),
        Parsed.Show show => Words("show", show.Name),
        Parsed.Explain explain => Words(
            "explain",
            Flag("analyze", explain.Analyze),
            Flag("repeated", explain.HasRepeatedOption),
            In(explain.Inner)),
        Parsed.Copy copy => Words(
            "copy", copy.Way.ToString(), Flag("binary", copy.IsBinary), Said("outside", copy.Outside),
            copy.Equivalent is { } like ? $"like <{like}>" : null, In(copy.Inner)),
        Parsed.Prepare prepare => Words("prepare", prepare.Name, $"types <{At(prepare.Types)}>", In(prepare.Inner)),
        Parsed.Execute execute => Words(
            "execute", execute.Name, $"at <{At(execute.NameAt)}>", List(execute.Arguments.Select(At))),
        Parsed.DeclareCursor cursor => Words("declare", cursor.Name, Flag("held", cursor.IsHeld), In(cursor.Inner)),
        Parsed.Command utility => OfUtility(utility.Effect),
        _ => OfPlain(parsed),
    };

    private static string OfPlain(Parsed parsed) => parsed switch
    {
        Parsed.Deallocate deallocate => Words("deallocate", deallocate.Name ?? "(all)"),
        Parsed.Discard discard => Words("discard", discard.What),
        Parsed.Fetch fetch => Words(fetch.IsMove ? "move" : "fetch", fetch.Name),
        Parsed.CloseCursor close => Words("close", close.Name ?? "(all)"),
        Parsed.Channel channel => Words("channel", channel.Verb, channel.Name ?? "(all)"),
        Parsed.LockTable locked => Words("lock", List(locked.Relations.Select(NameOf)), locked.Mode),
        Parsed.Code code => Words("code", code.Language, $"<{code.Body}>"),
        Parsed.Call call => Words("call", call.Name),
        Parsed.Never never => Words("never", never.Verb),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private string OfUtility(CommandEffect effect) => Words(
        "utility",
        effect.Verb,
        List(effect.Objects.Select(each => Words(each.Kind, Said("in", each.Schema), each.Name))),
        Flag("deferred-code", effect.DeferredCode),
        Flag("cascades", effect.Cascades),
        Flag("alone", effect.RunsAlone),
        Said("lock", effect.Lock),
        In(effect.Inner));

    /// <summary>The inner statement's own piece of the text, and what it is.</summary>
    private string? In(Parsed? inner) => inner is null ? null : $"{{<{At(inner.At)}> {Of(inner)}}}";

    private string At(TextSpan span) => Encoding.UTF8.GetString(text.AsSpan(span.Start, span.Length));

    private static string NameOf(CommandObject named) =>
        named.Schema is { } schema ? $"{schema}.{named.Name}" : named.Name;

    private static string Words(params string?[] words) => string.Join(' ', words.Where(word => word is not null));

    private static string? Said(string name, string? value) => value is null ? null : $"{name}={value}";

    private static string? Flag(string name, bool value) => value ? name : null;

    private static string List(IEnumerable<string> items) => $"[{string.Join(", ", items)}]";
}
