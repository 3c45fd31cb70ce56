using Countersign.Gates.Postgres.Wire;

namespace Countersign.Tests.Postgres.Model;

/// <summary>Simple queries, and the data of a COPY, which ends one of them or an Execute.</summary>
internal sealed partial class ModelServer
{
    /// <summary>All statements of it are judged before the first one runs.</summary>
    private bool Query(string query, WireWriter answer)
    {
        Breaches.Add($"{Rule.Understood}: a simple query");
        Remove("");
        _portals.Remove("");
        var texts = query.Split("; ", StringSplitOptions.RemoveEmptyEntries);
        var failed = texts.Contains(Vocabulary.Broken)
            || (_status != 'E' && texts.Any(text => Resolved(text) is { } found && policy.IsRefused(found)));
        foreach (var text in texts)
        {
            if (failed |= WhyNotPlanned(text) is not null || WhyNotNamed(text))
            {
                break;
            }

            if (ModelText.HasRows(Resolved(text)))
            {
                DescribeRows(Resolved(text)!, answer);
            }

            if (Run(new Cursor("", text), maxRows: 0, answer))
            {
                _skips = false;
                return End(true, answer);
            }
        }

        if (_copying is { } copy)
        {
            copy.IsOfQuery = true;
            return true;
        }

        if (failed)
        {
            Fail(answer, "42000", skips: false);
        }
        else if (texts.Length == 0)
        {
            answer.WriteEmptyQueryResponse();
        }

        return End(true, answer);
    }

    private bool TakeData(ModelCopy copy, WireMessage message, WireWriter answer)
    {
        if (message.Type == FrontendMessage.CopyData)
        {
            copy.Data += Text(message.Body);
            return false;
        }

        if (message.Type is FrontendMessage.Sync or FrontendMessage.Flush)
        {
            return false;
        }

        _copying = null;
        if (message.Type == FrontendMessage.CopyDone)
        {
            Ran.Add($"copied {copy.Data}");
            answer.WriteCommandComplete("DONE"u8);
        }
        else
        {
            Fail(answer, "57014", skips: !copy.IsOfQuery);
            if (message.Type != FrontendMessage.CopyFail)
            {
                Breaches.Add($"{Rule.Understood}: a '{(char)message.Type}' in the middle of COPY data");
            }
        }

        return copy.IsOfQuery ? End(true, answer) : message.Type == FrontendMessage.CopyFail;
    }
}
