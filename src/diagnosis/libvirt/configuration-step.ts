import { loggedRefusal } from '../../domain/daemon-configuration.ts';
import { configurationFacts, remoteConfiguration } from '../../domain/remote-configuration.ts';
import { cannotTell, pass } from '../step.ts';
import { step } from './question.ts';

/** The first thing that a daemon does, whoever will connect. */
export const configurationStep = step({
  stage: 'server-config',
  side: 'server',
  question: 'Does the daemon take its configuration?',
  source: 'libvirt src/remote/remote_daemon.c: main; src/remote/remote_daemon_config.c; src/util/virconf.c',
  needs: { server: configurationFacts },
  take(_question, { server }) {
    const configuration = remoteConfiguration(server);
    const { daemon, path } = configuration;
    switch (configuration.state) {
      case 'unknown':
        return cannotTell(configuration.because.detail);
      case 'broken': {
        const fact = server.configurations[path];
        const error = fact?.known === true ? fact.value.error : undefined;
        const detail = `configuration file syntax error: ${path}:${error?.line ?? 0}: ${error?.expected ?? ''}`;
        return {
          outcome: 'fail',
          message: `${path} does not parse at line ${error?.line ?? 0}, and ${daemon} does not start`,
          serverText: `Can't load config file: ${detail}: ${path}`,
          failure: {
            side: 'server',
            why: `libvirt's own parser stops there: ${error?.expected ?? 'it does not say why'}`,
            rules: ['configuration-syntax-error'],
            path,
          },
        };
      }
      case 'loaded': {
        const { refusal, file } = configuration;
        if (refusal === undefined)
          return pass(
            server.configurations[path] === undefined
              ? `there is no ${path}: ${daemon} goes by its defaults`
              : `${path} loads`,
            file.settings.map(({ key, line }) => `${path}:${line} ${key}`),
          );
        const [text = refusal.error] = loggedRefusal(refusal, path);
        return {
          outcome: 'fail',
          message: `${daemon} refuses a value in ${path} and does not start: ${refusal.error}`,
          serverText: text,
          failure: {
            side: 'server',
            why: refusal.error,
            rules: ['configuration-value-invalid'],
            path,
          },
        };
      }
    }
  },
});
