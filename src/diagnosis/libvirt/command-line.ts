import { daemonCommandLine } from '../../domain/daemon-command-line.ts';
import { configurationFacts, remoteConfiguration } from '../../domain/remote-configuration.ts';
import { cannotTell, pass } from '../step.ts';
import { step } from './question.ts';

export const commandLineIsTaken = step({
  stage: 'server-config',
  side: 'server',
  question: 'Does the daemon take its arguments?',
  source: 'libvirt src/remote/remote_daemon.c: main; getopt_long(3)',
  needs: { server: configurationFacts },
  take(_question, { server }) {
    const { daemon, path } = remoteConfiguration(server);
    const source = server.services.daemonArguments[daemon];
    const words = source.arguments;
    const outcome = daemonCommandLine(daemon, words);
    if (outcome.state === 'taken') {
      const { configuration } = outcome;
      if (configuration !== undefined && configuration !== path)
        return cannotTell(
          `${daemon} is started with another configuration file, ${configuration}, which was not looked at`,
        );
      return pass(words.length === 0 ? `${daemon} is started without any` : `${daemon} ${words.join(' ')}`);
    }
    const { word, error } = outcome;
    const because = error === undefined ? `${word} makes it print that and end` : `${word}: ${error}`;
    return {
      outcome: 'fail',
      message: `${daemon} does not start with these arguments: ${because}`,
      ...(error === undefined ? {} : { serverText: error }),
      failure: {
        side: 'server',
        why: because,
        rules: [],
        ...(source.path === undefined ? {} : { path: source.path }),
        fix: {
          title: `Correct the arguments of ${daemon}`,
          applicability: 'manual',
          steps: [
            {
              kind: 'manual',
              instruction: `Take ${word} out of ${source.path ?? `the arguments with which ${daemon} is started`}; ${daemon} --help lists what it knows`,
            },
          ],
        },
      },
    };
  },
});
