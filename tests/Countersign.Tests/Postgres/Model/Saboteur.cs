using System.Reflection;
using System.Text;
using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Tests.Postgres.Model;

/// <summary>
/// Gives a real session one of these mistakes. It sits between the client and the session: before a piece is heard, it
/// makes the session's state what it would be with the mistake, or takes the piece to the database itself.
/// </summary>
internal sealed class Saboteur
{
    private static readonly string[] s_statements = ["", "s"];
    private static readonly string[] s_portals = ["", "c"];

    private readonly SessionState _state;
    private readonly ProxyBug _bug;
    private readonly Dictionary<string, Prepared> _sent = [];
    private readonly Dictionary<Prepared, int> _age = [];
    private readonly HashSet<string> _passed = [];

    private Saboteur(SessionState state, ProxyBug bug) => (_state, _bug) = (state, bug);

    /// <summary>What is to see each piece before the session does.</summary>
    public static Func<byte[], ValueTask<byte[]>> For(ProxyBug bug, SessionState state) =>
        bug == ProxyBug.None ? ValueTask.FromResult : new Saboteur(state, bug).ActAsync;

    private async ValueTask<byte[]> ActAsync(byte[] piece)
    {
        if (_state.Hold is { } hold)
        {
            if (_bug == ProxyBug.NothingWaitsBehindAHold && piece[0] != FrontendMessage.Terminate)
            {
                PassUnseen(piece);
                return [];
            }

            await OverAsync(hold);
        }

        if (_bug == ProxyBug.FunctionCallsPass && piece[0] == FrontendMessage.FunctionCall)
        {
            PassUnseen(piece);
            return [];
        }

        Meddle();
        return piece;
    }

    private static async Task OverAsync(Hold hold) => await Task
        .Delay(Timeout.Infinite, hold.Over)
        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);

    private void Meddle()
    {
        switch (_bug)
        {
            case ProxyBug.NothingIsSkipped:
                typeof(Backend).GetProperty(nameof(Backend.IsSkipping), BindingFlags.Instance | BindingFlags.Public)!
                    .SetValue(_state.Backend, false);
                break;
            case ProxyBug.NamesFollowWhatWasSent:
                Array.ForEach(s_statements, Remember);
                break;
            case ProxyBug.VerdictsFollowNames:
                Array.ForEach(s_portals, KeepVerdict);
                break;
            case ProxyBug.HeldPortalsAreBoundAhead:
                Array.ForEach(s_portals, BindAhead);
                break;
        }
    }

    private void Remember(string name)
    {
        if (!_state.Names.TryFind(name, out var now))
        {
            _sent.Remove(name);
            return;
        }

        if (_sent.TryGetValue(name, out var later) && _age.GetValueOrDefault(now, _age.Count) < _age[later])
        {
            // The database did not take the later one, and the session went back to this.
            _state.Names.Send(name, later).Confirm();
            return;
        }

        _age.TryAdd(now, _age.Count);
        _sent[name] = now;
    }

    private void KeepVerdict(string name)
    {
        if (_passed.Contains(name))
        {
            BindAhead(name);
        }
        else if (_state.Names.TryFindPortal(name, out var portal) && portal.IsOnServer)
        {
            _passed.Add(name);
        }
    }

    private void BindAhead(string name)
    {
        if (_state.Names.TryFindPortal(name, out var portal) && !portal.IsOnServer && !_state.Backend.IsSkipping)
        {
            portal.IsOnServer = true;
            _state.Backend.Out.WriteBind(
                Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(portal.Statement.ServerName), portal.Bind.Span);
            _state.Backend.Await(Awaited.Complete.SilentBind);
        }
    }

    /// <summary>To the database as it came; its answers are owed, and nobody gets them.</summary>
    private void PassUnseen(byte[] piece)
    {
        for (var at = 0; at < piece.Length;)
        {
            var head = MessageHead.Read(piece.AsSpan(at));
            if (head.Type == FrontendMessage.Sync)
            {
                _state.Backend.Sync(isRelayed: false);
            }
            else if (AnswerTo(head.Type) is { } answer)
            {
                _state.Backend.Out.Append(piece.AsSpan(at, head.Length));
                _state.Backend.Await(answer);
            }

            at += head.Length;
        }
    }

    private static Awaited? AnswerTo(byte type) => type switch
    {
        FrontendMessage.Parse => Awaited.Complete.SilentParse,
        FrontendMessage.Bind => Awaited.Complete.SilentBind,
        FrontendMessage.Execute => AwaitedRows.Silent,
        FrontendMessage.Close => Awaited.Complete.SilentClose,
        FrontendMessage.FunctionCall => AwaitedRows.Silent,
        _ => null,
    };
}
