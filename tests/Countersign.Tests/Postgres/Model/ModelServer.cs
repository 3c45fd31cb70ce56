using System.Text;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Tests.Postgres.Model;

/// <summary>
/// A connection of PostgreSQL as its protocol describes it: statements, portals, implicit and explicit transactions,
/// and everything dropped between an error and the next Sync. It stands behind the gate as its database; and beside it,
/// fed with the client's own messages, it says what a direct connection would have done.
/// </summary>
internal sealed partial class ModelServer(ModelPolicy policy)
{
    private readonly Dictionary<string, string> _statements = [];
    private readonly Dictionary<string, Cursor> _portals = [];
    private readonly ModelSavepoints _savepoints = new();
    private long _bound;
    private char _status = 'I';
    private bool _skips;

    /// <summary>The COPY whose data it takes; nothing else is heard meanwhile.</summary>
    private ModelCopy? _copying;

    /// <summary>The client's texts that ran, in order.</summary>
    public List<string> Ran { get; } = [];

    /// <summary>What should never have come, by the rule that it breaks.</summary>
    public List<string> Breaches { get; } = [];

    /// <summary>Answers one message; <c>true</c> when the answers leave now.</summary>
    public bool Take(WireMessage message, WireWriter answer)
    {
        if (_skips && message.Type != FrontendMessage.Sync)
        {
            return false;
        }

        if (_copying is { } copy)
        {
            return TakeData(copy, message, answer);
        }

        switch (message.Type)
        {
            case FrontendMessage.Parse:
                var parse = ParseBody.Read(message.Body);
                return Parse(Text(parse.Statement), Text(parse.Text), answer);
            case FrontendMessage.Bind:
                var bind = BindBody.Read(message.Body);
                return Bind(Text(bind.Portal), Text(bind.Statement), answer);
            case FrontendMessage.Describe:
                var describe = DescribeBody.Read(message.Body);
                return Describe(describe.What, Text(describe.Name), answer);
            case FrontendMessage.Execute:
                var execute = ExecuteBody.Read(message.Body);
                return Execute(Text(execute.Portal), execute.MaxRows, answer);
            case FrontendMessage.Close:
                var close = DescribeBody.ReadClose(message.Body);
                return Close(close.What, Text(close.Name), answer);
            case FrontendMessage.Query:
                return Query(Text(QueryBody.Read(message.Body).Text), answer);
            case FrontendMessage.FunctionCall:
                Breaches.Add($"{Rule.Understood}: a FunctionCall");
                return End(Fail(answer, "0A000", skips: false), answer);
            case FrontendMessage.Sync:
                _skips = false;
                return End(true, answer);
            default:
                return message.Type == FrontendMessage.Flush;
        }
    }

    private bool Parse(string name, string text, WireWriter answer)
    {
        if (policy.IsGate && !ModelText.IsPrepare(text) && WhyNotNamed(text))
        {
            return Fail(answer, "26000");
        }

        if (name.Length == 0)
        {
            Remove(name);
        }

        if (WhyNotPlanned(text) is { } code || (code = _statements.ContainsKey(name) ? "42P05" : null) is not null)
        {
            return Fail(answer, code);
        }

        _statements[name] = text;
        answer.WriteParseComplete();
        return false;
    }

    private bool Bind(string portal, string name, WireWriter answer)
    {
        if (!_statements.TryGetValue(name, out var text))
        {
            return Fail(answer, "26000");
        }

        if ((policy.IsLate(text) ? null : WhyNotPlanned(text)) is { } code
            || (code = portal.Length > 0 && _portals.ContainsKey(portal) ? "42P03" : null) is not null)
        {
            return Fail(answer, code);
        }

        Plan(text);
        _portals[portal] = new Cursor(name, text) { Number = ++_bound };
        answer.WriteBindComplete();
        return false;
    }

    private bool Describe(Preparation what, string name, WireWriter answer)
    {
        Cursor? portal = null;
        var text = what == Preparation.Statement
            ? _statements.GetValueOrDefault(name)
            : (portal = _portals.GetValueOrDefault(name))?.Text;
        if (text is null || (_status == 'E' && ModelText.HasRows(text)))
        {
            return Fail(answer, text is not null ? "25P02" : portal is null ? "34000" : "26000");
        }

        if (what == Preparation.Statement)
        {
            answer.WriteParameterDescription([]);
        }

        DescribeRows(Resolved(text) ?? text, answer);
        return false;
    }

    private bool Execute(string name, int maxRows, WireWriter answer)
    {
        if (!_portals.TryGetValue(name, out var portal))
        {
            return Fail(answer, "34000");
        }

        return WhyNotPlanned(portal.Text) is { } code
            ? Fail(answer, code)
            : Run(portal, maxRows, answer) || _copying is not null;
    }

    private bool Run(Cursor portal, int maxRows, WireWriter answer)
    {
        var text = Resolved(portal.Text);
        if (portal.IsDone && !ModelText.HasRows(text))
        {
            return Fail(answer, "55000");
        }

        if (text is null || text == Vocabulary.Failing || WhyNotNamed(text)
            || _savepoints.IsRefused(text, _status)
            || (!portal.HasBegun && (policy.IsRefused(text) || IsRefusedByName(portal.Text, text))))
        {
            return Fail(answer, text is null ? "26000" : "42501");
        }

        if (!portal.HasBegun)
        {
            portal.HasBegun = true;
            Plan(text);
            if (!ModelText.IsOwn(portal.Statement))
            {
                Ran.Add(ModelText.Unnamed(text));
            }
        }

        Answer(portal, text, maxRows, answer);
        return false;
    }

    private void Answer(Cursor portal, string text, int maxRows, WireWriter answer)
    {
        if (ModelText.HasRows(text))
        {
            for (var sent = 0; portal.Left > 0; portal.Left--)
            {
                if (maxRows > 0 && sent++ == maxRows)
                {
                    answer.WritePortalSuspended();
                    return;
                }

                answer.WriteDataRow(ModelText.RowOf(text));
            }
        }

        portal.IsDone = true;
        if (text == Vocabulary.CopyIn)
        {
            answer.WriteCopyInResponse();
            _copying = new ModelCopy();
            return;
        }

        if (text == Vocabulary.CopyOut)
        {
            answer.WriteCopyOut("1\n", "2\n");
        }

        answer.WriteCommandComplete("DONE"u8);
        Become(text.Split(' ', 4));
        if (_savepoints.Take(text, _bound) is { } last)
        {
            _status = 'T';
            RemovePortals(last);
        }
    }

    private void RemovePortals(long last)
    {
        foreach (var (name, portal) in _portals)
        {
            if (portal.Number > last)
            {
                _portals.Remove(name);
            }
        }
    }

    private void Become(string[] words)
    {
        switch (words)
        {
            case ["BEGIN"]:
                _status = 'T';
                break;
            case ["COMMIT" or "ROLLBACK"]:
                _status = 'I';
                _portals.Clear();
                _savepoints.Clear();
                break;
            case ["PREPARE", var name, _, var text]:
                _statements[name] = text;
                break;
            case ["DEALLOCATE", "ALL"]:
                _statements.Keys.Where(name => name.Length > 0).ToList().ForEach(Remove);
                break;
            case ["DEALLOCATE", var name]:
                Remove(name);
                break;
        }
    }

    private bool Close(Preparation what, string name, WireWriter answer)
    {
        if (what == Preparation.Statement)
        {
            Remove(name);
        }
        else
        {
            _portals.Remove(name);
        }

        answer.WriteCloseComplete();
        return false;
    }

    private bool End(bool isSent, WireWriter answer)
    {
        if (_status == 'I')
        {
            _portals.Clear();
        }

        answer.WriteReadyForQuery((TransactionStatus)_status);
        return isSent;
    }

    private bool Fail(WireWriter answer, string code, bool skips = true)
    {
        answer.WriteErrorResponse(new ErrorFields { Code = code, Message = "modelled" });
        _skips = skips;
        _status = _status == 'I' ? 'I' : 'E';
        if (_status == 'I')
        {
            _portals.Clear();
        }

        return true;
    }

    /// <summary>Planning alone can run code.</summary>
    private void Plan(string text)
    {
        if (!policy.MayRun(text))
        {
            Breaches.Add($"{(ModelPolicy.Refuses(text) ? Rule.Refused : Rule.Asked)}: {text}");
        }
    }

    /// <summary>What waits at the gate for a statement goes with it: see the list of differences.</summary>
    private void Remove(string statement)
    {
        _statements.Remove(statement);
        foreach (var (name, portal) in _portals)
        {
            if (portal.Statement == statement && !portal.HasBegun && policy.IsLate(portal.Text))
            {
                _portals.Remove(name);
            }
        }
    }

    private string? WhyNotPlanned(string text) =>
        text == Vocabulary.Broken ? "42703"
        : _status == 'E' && text is not ("COMMIT" or "ROLLBACK") && !ModelSavepoints.GoesBack(text) ? "25P02"
        : null;

    private bool WhyNotNamed(string text) => text.Split(' ') switch
    {
        ["PREPARE", var name, ..] => _statements.ContainsKey(name),
        ["DEALLOCATE", "ALL"] => false,
        ["EXECUTE" or "DEALLOCATE", var name] => !_statements.ContainsKey(name),
        _ => false,
    };

    /// <summary>People are asked for what is about the session, and executed by name.</summary>
    private bool IsRefusedByName(string text, string resolved) =>
        policy.IsGate && text != resolved && ModelText.IsOfSession(resolved);

    /// <summary>What a text executes by name, or itself.</summary>
    private string? Resolved(string text) => text.StartsWith("EXECUTE ", StringComparison.Ordinal)
        ? _statements.GetValueOrDefault(text.Split(' ')[1])
        : text;

    private static void DescribeRows(string text, WireWriter answer)
    {
        if (ModelText.HasRows(text))
        {
            answer.WriteRowDescription("value");
        }
        else
        {
            answer.WriteNoData();
        }
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8).TrimStart();

    /// <param name="statement">The name that its statement had.</param>
    /// <param name="text">What it runs, whatever has the name now.</param>
    private sealed class Cursor(string statement, string text)
    {
        private const int Rows = 2;

        /// <summary>By the order in which portals were bound.</summary>
        public long Number { get; init; }

        public string Statement => statement;

        public string Text => text;

        public bool HasBegun { get; set; }

        public bool IsDone { get; set; }

        public int Left { get; set; } = Rows;
    }
}
