using Microsoft.Extensions.AI;

namespace Countersign.SampleAgent;

/// <summary>
/// The loop of every agent: ask the model, run the tools it calls, give it their results, until it calls none. The
/// package Microsoft.Extensions.AI has one with more to it.
/// </summary>
internal sealed class ToolLoop(IChatClient model, IReadOnlyList<AITool> tools, TextWriter output)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var messages = new List<ChatMessage> { new(ChatRole.User, "Do what has to be done.") };
        var options = new ChatOptions { Tools = [.. tools] };
        while (true)
        {
            var response = await model.GetResponseAsync(messages, options, cancellationToken);
            messages.AddRange(response.Messages);
            var contents = response.Messages.SelectMany(message => message.Contents);
            var calls = contents.OfType<FunctionCallContent>().ToList();
            if (calls.Count == 0)
            {
                await output.WriteLineAsync(response.Text);
                return;
            }

            foreach (var call in calls)
            {
                messages.Add(new ChatMessage(ChatRole.Tool, [await InvokeAsync(call, cancellationToken)]));
            }
        }
    }

    private async Task<FunctionResultContent> InvokeAsync(FunctionCallContent call, CancellationToken cancellationToken)
    {
        var function = tools.OfType<AIFunction>().Single(tool => tool.Name == call.Name);
        var result = await function.InvokeAsync(new AIFunctionArguments(call.Arguments), cancellationToken);
        await output.WriteLineAsync($"{call.Name}: {result}");
        return new FunctionResultContent(call.CallId, result);
    }
}
